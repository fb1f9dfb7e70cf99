// A block of its own process between two queues of a broker, with the turns of fate that its options name.
import { setTimeout as pause } from "node:timers/promises";
import { Block, type BlockOptions, type Listener, type Message, type Process, type Publisher, run } from "arroyojs";
import { AmqpListener, AmqpPublisher, AmqpStreamListener } from "arroyojs/amqp";
import { KafkaListener, KafkaPublisher } from "arroyojs/kafka";
import { RedisStreamListener, RedisStreamPublisher } from "arroyojs/redis";
import { say, sayLast, takeOrders } from "../../process/programs/speech.ts";
import { Stages } from "./stages.ts";
import { numberIn, Sums } from "./sums.ts";
import { watchCommits } from "./wire.ts";
import { SESSION_MS, type WorkerOptions, type WorkerOrder } from "./words.ts";

const QUICK = { requestTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
/** Small, so that a stage is reached often. */
const MOST = 8;

/** Makes both ends of the block. */
function ends(expect: (message: Message) => Message): { listener: Listener; publisher: Publisher } {
  const { reader, url, from, to, name } = options;
  if (reader === "kafka group") {
    const brokers = [url];
    return {
      listener: new KafkaListener({
        ...{ ...QUICK, brokers, topic: from, groupId: `group-${from}`, expect },
        ...{ sessionTimeoutMs: SESSION_MS, handoverMs: 500, commitMs: 20 },
      }),
      publisher: new KafkaPublisher({ ...QUICK, brokers, topic: to, retryMs: 500 }),
    };
  }
  if (reader === "redis group" || reader === "redis cursor") {
    const place =
      reader === "redis group" ? { group: "group", consumer: name, claimAfterMs: 500 } : { cursor: "cursor" };
    return {
      listener: new RedisStreamListener({ url, stream: from, expect, ...place }),
      publisher: new RedisStreamPublisher({ url, stream: to }),
    };
  }
  const link = { url, heartbeatMs: 1_000 };
  const listener =
    reader === "rabbitmq queue"
      ? // One that is stuck must not have all of the queue on its way to it.
        new AmqpListener({ ...link, queue: from, expect, ...(options.shared ? { prefetch: MOST } : {}) })
      : new AmqpStreamListener({ ...link, queue: from, cursor: "cursor", expect });
  return { listener, publisher: new AmqpPublisher({ ...link, queue: to }) };
}

const options = JSON.parse(process.argv[2] as string) as WorkerOptions;
const stages = new Stages(options.turns);
takeOrders((order: WorkerOrder) => {
  if (order === "go") stages.go();
});
watchCommits(options.reader, stages);

const { listener, publisher } = ends((message) => stages.around("received", () => message) as Message);
const publishBatch = publisher.publishBatch.bind(publisher);
publisher.publishBatch = async (messages) => {
  await stages.around("publishing", () => publishBatch(messages));
  await stages.around("published", () => undefined);
};

/** Works for a moment each time, so that some of its results are out before others are made. */
class SlowSums extends Sums {
  override async process(message: Message): Promise<Message | Message[] | undefined> {
    return stages.around("processing", async () => {
      await pause(1);
      return this.results(message);
    });
  }
}

const pass = (message: Message): Message => {
  if (message.type !== "event") return message;
  if (options.poison.includes(numberIn(message))) throw new Error("the operator can't work on this one");
  return message.with({ metadata: { ...message.metadata, worked: true } });
};
const passing: Process = (message) => stages.around("processing", () => pass(message));
const recovery: Partial<BlockOptions> = options.work === "sums" ? { recover: "run" } : {};
const block = new Block({
  name: options.name,
  listeners: [listener],
  operator: options.work === "sums" ? new SlowSums() : passing,
  publishers: [{ publisher, maxMessages: MOST }],
  guarantee: "at-least-once",
  maxMessages: MOST,
  // A bare client's stream has no signs of life.
  abandonAfterMs: 600_000,
  // Nothing beside a bare client's stream tells a group where its runs begin.
  ...(options.reader === "redis group" ? { withoutStart: "make" } : {}),
  ...(options.deadLetters === undefined ? {} : { onError: "dead-letter", deadLetters: options.deadLetters }),
  ...recovery,
});
block.on("state", ({ part, state, detail = "" }) => {
  if (state === "retrying") say({ say: "retrying", part, detail });
});
void block.finished.catch(() => undefined).then(() => sayLast({ say: "account", account: block.account }));
const finished = run(block);
block.ready().then(
  () => say({ say: "ready" }),
  () => undefined,
);
await finished;
