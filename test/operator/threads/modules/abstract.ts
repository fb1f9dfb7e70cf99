import { Operator } from "arroyojs";

export abstract class Abstract extends Operator {}
export class BadOpen extends Operator {
  override open(): void {
    throw new Error("no licence");
  }
  override process(): undefined {
    return undefined;
  }
}
export class Joins extends Operator {
  override readonly mergesRuns = true;
  override process(): undefined {
    return undefined;
  }
}
