// Adds up the numbers of each run and publishes the sum before its Stop: the child of faults.test.ts.
import { Block } from "../../../../src/block/block.ts";
import { Event } from "../../../../src/message/event.ts";
import type { AnyMessage } from "../../../../src/message/message.ts";
import type { Start } from "../../../../src/message/start.ts";
import { Operator } from "../../../../src/operator/operator.ts";
import { KafkaListener } from "../../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher } from "../../../../src/transports/kafka/kafka-publisher.ts";

class Sum extends Operator<AnyMessage, AnyMessage> {
  readonly #runs = this.perRun((_start: Start<unknown>) => ({ sum: 0, count: 0 }));

  override process(message: AnyMessage): AnyMessage | readonly AnyMessage[] | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") return [new Event({ ...state }, new Uint8Array(0), { run: message.run }), message];
    state.sum += Number(message.field("n"));
    state.count += 1;
    process.send?.(state.count);
    return undefined;
  }
}

const [, , broker, from, to] = process.argv as string[];
const brokers = [broker as string];
const block = new Block<AnyMessage, AnyMessage>({
  name: "summing",
  listeners: [
    new KafkaListener<AnyMessage>({ brokers, topic: from as string, groupId: "summing", sessionTimeoutMs: 1_500 }),
  ],
  operator: new Sum(),
  publishers: [new KafkaPublisher<AnyMessage>({ brokers, topic: to as string })],
  guarantee: "at-least-once",
  recover: "run",
});
process.on("SIGTERM", () => void block.stop().then(() => process.disconnect()));
await block.start();
await block.ready();
process.send?.("ready");
