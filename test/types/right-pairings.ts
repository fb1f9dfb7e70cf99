// All of these compile, without a type named where one can be inferred.
import {
  type AnyMessage,
  Block,
  type BlockOptions,
  compose,
  type Listener,
  type Message,
  mergeRuns,
  type Publisher,
  type Step,
} from "arroyojs";
import { drive } from "arroyojs/testing";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import * as parts from "./parts.ts";

const name = "pairs";
const listeners = [new parts.Detector()];
const publishers = [new parts.MeanFile()];
const connect = "tcp://127.0.0.1:1";
const bind = "tcp://127.0.0.1:2";
const { start, frame, mean, stop } = parts;

// A transport brings what the operator beside it takes, and takes what it brings.
new Block({
  name,
  listeners: [new ZmqListener({ connect })],
  operator: new parts.MeanOf(),
  publishers: [
    new ZmqPublisher({ bind }),
    { publisher: new ZmqPublisher({ bind }), required: false, overflow: "latest" },
  ],
});
new Block({ name, listeners: [new ZmqListener({ connect }), ...listeners], operator: new parts.MeanOf(), publishers });
new Block({
  name,
  listeners: [new ZmqListener({ connect })],
  operator: new parts.Steps(),
  publishers: [new ZmqPublisher({ bind })],
});
new Block({
  name,
  listeners: [new ZmqListener({ connect, expect: (message) => message as parts.In })],
  operator: new parts.MeanOf(),
});
new Block({ name, listeners: [new ZmqListener<parts.In>({ connect })], operator: new parts.MeanOf() });
new Block<parts.In, parts.Out>({
  name,
  listeners: [new ZmqListener({ connect })],
  operator: new parts.MeanOf(),
  publishers: [new ZmqPublisher({ bind })],
});
export const listener: Listener<parts.In> = new ZmqListener({ connect });
export const publisher: Publisher<parts.Moves> = new ZmqPublisher({ bind });

// A part for any message stands beside a part for some.
new Block({ name, listeners, operator: new parts.Count(), publishers: [new parts.Log()] });
new Block({
  name,
  listeners,
  operator: new parts.MeanOf(),
  publishers: [new parts.Log(), new parts.MeanFile(), new ZmqPublisher({ bind })],
});

// Without an operator everything passes; without publishers nothing leaves.
new Block({ name, listeners });
new Block({ name, listeners, publishers: [new parts.FrameFile(), { publisher: new parts.Log(), required: false }] });
new Block({
  name,
  listeners: [new ZmqListener({ connect })],
  publishers: [new ZmqPublisher({ bind }), new parts.Log()],
});
new Block({ name, listeners: [new parts.Stage()], publishers: [new ZmqPublisher({ bind })] });

// A function is an operator; its message is of the type that the listeners bring, whatever the kind of its result.
new Block({ name, listeners, operator: (message) => message, publishers: [new parts.FrameFile()] });
new Block({ name, listeners, operator: (message) => (message.type === "event" ? mean : message), publishers });
new Block({ name, listeners, operator: (message) => (message.type === "event" ? [mean, mean] : message), publishers });
new Block({
  name,
  listeners,
  operator: (message) => (message.type === "event" ? [mean, mean] : [message]),
  publishers,
});
new Block({ name, listeners, operator: (message) => (message.type === "event" ? undefined : message), publishers });
new Block({ name, listeners, operator: async (message) => (message.type === "event" ? mean : message), publishers });
new Block({ name, listeners, operator: async (message) => (message.type === "event" ? [mean] : message), publishers });
new Block({ name, listeners, operator: () => {}, publishers });
new Block({
  name,
  listeners,
  publishers,
  *operator(message) {
    yield message.type === "event" ? mean : message;
  },
});
new Block({
  name,
  listeners,
  publishers,
  async *operator(message, context) {
    if (message.type !== "event") yield message;
    else if (!context.signal.aborted) yield mean;
  },
});
new Block({ name, listeners, operator: (message: Message) => message, publishers: [new parts.Log()] });

// Operators in a row, and runs in several streams.
new Block({ name, listeners, operator: compose(new parts.Twice(), new parts.MeanOf()), publishers });
new Block({ name, listeners, operator: compose((message: parts.In) => message, new parts.MeanOf()), publishers });
new Block({ name, listeners, operator: compose(new parts.MeanOf(), (message) => message), publishers });
new Block({ name, listeners, operator: mergeRuns<parts.In>({ streams: 2 }), publishers: [new parts.FrameFile()] });
new Block({
  name,
  listeners,
  operator: compose(mergeRuns<parts.In>({ streams: 2, waitMs: 1 }), new parts.MeanOf()),
  publishers,
});

// Options from elsewhere.
export const block = (options: BlockOptions<parts.In, parts.Out>): Block<parts.In, parts.Out> => new Block(options);
export function make<In extends AnyMessage, Out extends AnyMessage>(
  operator: Step<In, Out>,
  input: Listener<In>,
  output: Publisher<Out>,
): Block<In, Out> {
  return new Block({ name, listeners: [input], operator, publishers: [output] });
}
export function makeOf<In extends AnyMessage, Out extends AnyMessage>(
  options: Partial<BlockOptions<In, Out>>,
): Block<In, Out> {
  return new Block<In, Out>({ name, listeners: [], ...options });
}

// drive() takes messages of exactly the types needed, or of narrower ones.
export const driven: readonly Promise<{ readonly published: readonly AnyMessage[] }>[] = [
  drive(new parts.MeanOf(), [start, frame, stop]),
  drive(new parts.MeanOf(), [frame]),
  drive(new parts.MeanOf(), []),
  drive(new parts.Count(), [start, frame, mean, stop]),
  drive(new parts.MeanOf(), [start, frame, stop], { onError: "skip", publishers, concurrency: 2 }),
  drive((message) => message, [start, frame, stop]),
  drive(
    (message): parts.In | readonly parts.In[] => (message.type === "event" ? [message, message] : message),
    [start, frame],
  ),
];
export const means: Promise<readonly parts.Out[]> = drive(new parts.MeanOf(), [frame]).then(
  ({ published }) => published,
);
