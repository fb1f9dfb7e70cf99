// Stands between two topics: a block, or a loop over a bare client that is as careful (batch in, one send, commit after it).
import { pathToFileURL } from "node:url";
import { options, order, say } from "./talk.mjs";

const { kind, broker, from, to, groupId, count, warmUp, sessionTimeoutMs = 30_000, commitMs = 100, tells } = options;
const MAX_RECORDS = 1_000;
const MAX_BYTES = 900_000;
const FETCH = { maxBytes: 32 * 1024 * 1024, maxBytesPerPartition: 8 * 1024 * 1024, maxWaitTimeInMs: 200, minBytes: 1 };
const brokers = [broker];
let forwarded = 0;
let begunAt = 0;
let cpu = process.cpuUsage();

/** Looks at the clock where the warm-up is over, and at the end. */
function progress(done) {
  if (forwarded === 0 && done > 0) say("first", {});
  if (begunAt === 0 && done >= warmUp) {
    begunAt = performance.now();
    cpu = process.cpuUsage();
    forwarded = done;
    say("warm", {});
    return;
  }
  if (begunAt > 0 && done >= count && forwarded < count) {
    const { user, system } = process.cpuUsage(cpu);
    const events = done - Math.max(forwarded, 1);
    forwarded = done;
    const perSecond = (events / (performance.now() - begunAt)) * 1000;
    say("done", { perSecond, cpuUs: (user + system) / events });
  }
}

/** Divides a batch into sends that a topic takes. */
function* sends(messages) {
  let send = [];
  let bytes = 0;
  for (const { key, value, headers } of messages) {
    if (send.length > 0 && (send.length === MAX_RECORDS || bytes + value.length > MAX_BYTES)) {
      yield send;
      send = [];
      bytes = 0;
    }
    send.push({ key, value, headers, partition: 0 });
    bytes += value.length;
  }
  if (send.length > 0) yield send;
}

async function bareKafkajs() {
  const { Kafka, Partitioners, logLevel } = (await import("kafkajs")).default;
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const consumer = kafka.consumer({ groupId, sessionTimeout: sessionTimeoutMs, ...FETCH });
  await consumer.connect();
  await consumer.subscribe({ topic: from, fromBeginning: true });
  let done = 0;
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
      for (const messages of sends(batch.messages)) {
        await producer.send({ topic: to, acks: -1, messages });
        done += messages.length;
        // The clock stops after the commit.
        if (done < count) progress(done);
      }
      const offset = String(Number(batch.lastOffset()) + 1);
      const partitions = [{ partition: batch.partition, offset, metadata: "" }];
      await commitOffsetsIfNecessary({ topics: [{ topic: from, partitions }] });
      resolveOffset(batch.lastOffset());
      await heartbeat();
      progress(done);
    },
  });
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}

/** A batch is what has come until now; a send and a commit follow, then the next. */
async function barePlatformatic() {
  const { Consumer, Producer } = await import(pathToFileURL(options.module).href);
  const client = { clientId: "bench", bootstrapBrokers: brokers, retryDelay: 100 };
  const producer = new Producer({ ...client, idempotent: true });
  const consumer = new Consumer({ ...client, groupId, sessionTimeout: sessionTimeoutMs, autocommit: false });
  const stream = await consumer.consume({
    ...{ topics: [from], mode: "committed", fallbackMode: "earliest", autocommit: false },
    ...{ highWaterMark: 4_096, minBytes: FETCH.minBytes, maxBytes: FETCH.maxBytesPerPartition },
    maxWaitTime: FETCH.maxWaitTimeInMs,
  });
  let waiting = [];
  let isForwarding = false;
  let done = 0;
  const forward = async () => {
    isForwarding = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      for (const messages of sends(batch)) {
        await producer.send({ acks: -1, messages: messages.map((one) => ({ ...one, topic: to })) });
        done += messages.length;
        if (done < count) progress(done);
      }
      const { partition, offset } = batch.at(-1);
      await consumer.commit({ offsets: [{ topic: from, partition, offset: offset + 1n, leaderEpoch: 0 }] });
      progress(done);
      stream.resume();
    }
    isForwarding = false;
  };
  const fail = (error) => {
    throw error;
  };
  stream.on("error", fail);
  stream.on("data", (message) => {
    waiting.push(message);
    if (waiting.length >= 4_096) stream.pause();
    // In a turn of its own, so that all that came with this one is in the batch.
    if (!isForwarding && waiting.length === 1) setImmediate(() => forward().catch(fail));
  });
  return async () => {
    await consumer.close(true);
    await producer.close();
  };
}

async function ourBlock() {
  const { Block } = await import("arroyojs");
  const { KafkaListener, KafkaPublisher } = await import("arroyojs/kafka");
  const block = new Block({
    name: "forward",
    listeners: [new KafkaListener({ brokers, topic: from, groupId, sessionTimeoutMs, commitMs })],
    publishers: [new KafkaPublisher({ brokers, topic: to })],
    guarantee: "at-least-once",
  });
  await block.start();
  const watch = setInterval(() => {
    const { published } = block.account;
    if (tells) say("at", { published, ms: performance.now() });
    progress(published);
  }, 1);
  return async () => {
    clearInterval(watch);
    await block.stop();
  };
}

const end = await { block: ourBlock, kafkajs: bareKafkajs, platformatic: barePlatformatic }[kind]();
await order("end");
await end();
say("ended", {});
process.disconnect();
