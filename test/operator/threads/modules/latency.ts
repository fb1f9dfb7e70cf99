import { setTimeout as sleep } from "node:timers/promises";
import { Event, type Message, Operator } from "arroyojs";

/** Takes as long as an event says, and makes as many of it. */
export class Latency extends Operator {
  override async process(message: Message): Promise<Message | readonly Message[] | undefined> {
    if (message.type !== "event") return message;
    const { n, ms, makes } = message.metadata as { n: number; ms: number; makes: number };
    if (ms > 0) await sleep(ms);
    return Array.from({ length: makes }, (_, part) => new Event({ n, part }, message.payload));
  }
}
