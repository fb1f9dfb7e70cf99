import { Operator } from "arroyojs";

export class Plain extends Operator {
  process(message) {
    return message;
  }
}
