// Events of 100 bytes through one process: through a block between two memory channels, or through node:stream.
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Block, Event, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";
import { options, say } from "./talk.mjs";

const { kind, events, warmUps, passes } = options;
const payload = new Uint8Array(100).fill(7);
const forever = new AbortController().signal;

/** Counts what came out at the end. */
class Seen {
  events = 0;
  indices = 0;
  bytes = 0;

  take(event) {
    this.events += 1;
    this.indices += event.metadata.index;
    this.bytes += event.payload.length;
  }

  check() {
    const indices = (events * (events - 1)) / 2;
    if (this.events === events && this.indices === indices && this.bytes === events * payload.length) return;
    throw new Error(`expected ${events} events, each once; got ${JSON.stringify(this)}`);
  }
}

const made = (index) => new Event({ index }, payload, { run: "run" });

async function objectStreams() {
  const seen = new Seen();
  let index = 0;
  await pipeline(
    new Readable({
      objectMode: true,
      read() {
        while (index < events) {
          const event = made(index);
          index += 1;
          if (!this.push(event)) return;
        }
        this.push(null);
      },
    }),
    new Transform({
      objectMode: true,
      transform(event, _encoding, done) {
        done(null, event);
      },
    }),
    new Writable({
      objectMode: true,
      write(event, _encoding, done) {
        seen.take(event);
        done();
      },
    }),
  );
  return seen;
}

async function generators() {
  const seen = new Seen();
  await pipeline(
    async function* () {
      for (let index = 0; index < events; index += 1) yield made(index);
    },
    async function* (source) {
      for await (const event of source) yield event;
    },
    async (source) => {
      for await (const event of source) seen.take(event);
    },
  );
  return seen;
}

/** A publisher, a channel, a block that passes everything on, a channel, a listener. */
const block = (mode) => async () => {
  const [before, after] = [new MemoryChannel({ mode }), new MemoryChannel()];
  const group = mode === "log" ? { group: "bench" } : {};
  const source = new MemoryPublisher({ channel: before, stream: "source" });
  const passing = new Block({
    name: "passing",
    listeners: [new MemoryListener({ channel: before, ...group })],
    publishers: [new MemoryPublisher({ channel: after })],
  });
  const seen = new Seen();
  const kinds = [];
  const put = (message) => {
    if (message.type === "event") seen.take(message);
    else kinds.push(message.type);
  };
  const read = new MemoryListener({ channel: after }).start({ ready() {}, put, putFrames() {} }, forever);
  await source.open(forever);
  await passing.start();
  await passing.ready();
  await source.publish(new Start({}, { run: "run" }));
  for (let index = 0; index < events; index += 1) {
    const full = source.publish(made(index));
    if (full !== undefined) await full;
  }
  await source.publish(new Stop({}, { run: "run" }));
  source.close();
  const { received, finished, published, lost, left } = await passing.finished;
  await read;
  const all = events + 2;
  if (received !== all || finished !== all || published !== all || lost !== 0 || left !== 0) {
    throw new Error(`the account does not add up: ${JSON.stringify({ received, finished, published, lost, left })}`);
  }
  if (kinds.join() !== "start,stop") throw new Error(`the run came out as ${kinds.join()}`);
  if (mode === "log" && before.state.committed.bench !== all) throw new Error("not everything was acknowledged");
  return seen;
};

const work = { block: block("live"), "block, log": block("log"), "object streams": objectStreams, generators }[kind];
for (let pass = 0; pass < warmUps; pass += 1) (await work()).check();
const beganAt = performance.now();
for (let pass = 0; pass < passes; pass += 1) (await work()).check();
say("done", { perSecond: (events * passes) / ((performance.now() - beganAt) / 1000) });
