import { type Message, Operator } from "arroyojs";

export abstract class Half extends Operator {
  abstract half(): void;
}
export default class Whole extends Operator {
  override process(message: Message): Message {
    return message;
  }
}
export const number = 7;
