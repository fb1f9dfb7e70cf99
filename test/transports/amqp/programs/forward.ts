// Passes everything on from one queue to another, at least once; says so when it has begun.
import { Block } from "../../../../src/index.ts";
import type { AnyMessage } from "../../../../src/message/message.ts";
import { AmqpListener, AmqpPublisher } from "../../../../src/transports/amqp/index.ts";

const [, , url = "", from = "", to = ""] = process.argv;
let events = 0;
const block = new Block<AnyMessage, AnyMessage>({
  name: "forward",
  listeners: [new AmqpListener<AnyMessage>({ url, queue: from })],
  operator: (message: AnyMessage) => {
    events += 1;
    if (events === 700) process.send?.("begun");
    return message;
  },
  publishers: [new AmqpPublisher<AnyMessage>({ url, queue: to })],
  guarantee: "at-least-once",
});
await block.start();
await block.finished;
