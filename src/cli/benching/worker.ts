import { Block } from "../../block/block.ts";
import { LISTENERS, PUBLISHERS } from "../../config/registry.ts";
import { text } from "../../errors.ts";
import { type Inlet, Listener } from "../../listener/listener.ts";
import type { Frames } from "../../message/codec.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Publisher } from "../../publisher/publisher.ts";
import { type Order, type Word, waitingOf } from "./orders.ts";

const MOST_SAMPLES = 1_000_000;
/** A time and a number stand at the beginning of each payload. */
const STAMP_BYTES = 16;

/** Makes events of a size, each with its time and number. */
class Making extends Listener<AnyMessage> {
  readonly #bytes: number;
  readonly #rate: number | undefined;

  constructor(bytes: number, rate: number | undefined) {
    super();
    this.#bytes = bytes;
    this.#rate = rate;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const began = performance.now();
    for (let made = 0; !signal.aborted; made += 1) {
      if (this.#rate !== undefined) await due(began + (made * 1000) / this.#rate);
      // A buffer of its own for each, as a detector's driver would give it; nobody changes what is under way.
      const payload = Buffer.allocUnsafe(Math.max(STAMP_BYTES, this.#bytes));
      payload.writeBigUInt64LE(process.hrtime.bigint(), 0);
      payload.writeBigUInt64LE(BigInt(made), 8);
      await inlet.put(new Event({}, payload));
    }
  }
}

/** Counts what comes in a stretch of time after the warm-up. */
class Counting implements Inlet<AnyMessage> {
  readonly #order: Extract<Order, { role: "sink" }>;
  readonly #delaysNs: number[] = [];
  #firstMs: number | undefined;
  #fromMs = 0;
  #counted = 0;
  #wrong = 0;
  #next = 0;
  #isOver = false;

  constructor(order: Extract<Order, { role: "sink" }>) {
    this.#order = order;
  }

  ready(): void {}

  put(): void {}

  putFrames(frames: Frames): void {
    const payload = frames instanceof Uint8Array ? frames : frames.at(-1);
    if (this.#isOver || payload === undefined || payload.byteLength < STAMP_BYTES) return;
    const view = new DataView(payload.buffer, payload.byteOffset, STAMP_BYTES);
    const number = Number(view.getBigUint64(8, true));
    if (number !== this.#next) this.#wrong += 1;
    this.#next = number + 1;
    const nowMs = performance.now();
    this.#firstMs ??= nowMs;
    if (nowMs - this.#firstMs < this.#order.warmUpMs) {
      this.#fromMs = nowMs;
      return;
    }
    this.#counted += 1;
    if (this.#delaysNs.length < MOST_SAMPLES) {
      this.#delaysNs.push(Number(process.hrtime.bigint() - view.getBigUint64(0, true)));
    }
    if (nowMs - this.#fromMs >= this.#order.forMs) this.#tell(nowMs);
  }

  #tell(nowMs: number): void {
    this.#isOver = true;
    const sorted = this.#delaysNs.sort((one, other) => one - other);
    const at = (part: number): number => (sorted[Math.floor(sorted.length * part)] ?? 0) / 1e6;
    const perSecond = (this.#counted * 1000) / (nowMs - this.#fromMs);
    say({ what: "counted", perSecond, p50: at(0.5), p99: at(0.99), wrong: this.#wrong });
  }
}

async function work(order: Order): Promise<void> {
  const bounds = {
    messageBytes: Math.max(order.bytes, 64),
    maxBytes: Math.max(order.bytes, 64) * waitingOf(order.bytes),
  };
  const push = (to: string): Promise<Publisher<AnyMessage>> => {
    const { make } = PUBLISHERS["zmq"] as (typeof PUBLISHERS)[string];
    return make({ connect: to, socket: "push", stream: "bench", reconnectMaxMs: 100, ...bounds }, new Map());
  };
  const pull = (at: string): Promise<Listener<AnyMessage>> => {
    const { make } = LISTENERS["zmq"] as (typeof LISTENERS)[string];
    return make({ bind: at, socket: "pull", ...bounds }, new Map());
  };
  if (order.role === "bare") return await bare(order);
  if (order.role === "sink") {
    const listener = await pull(order.at);
    const counting = new Counting(order);
    counting.ready = () => say({ what: "ready" });
    return await listener.start(counting, new AbortController().signal);
  }
  const listener = order.role === "source" ? new Making(order.bytes, order.rate) : await pull(order.from);
  const block = new Block<AnyMessage, AnyMessage>({
    name: order.role,
    listeners: [listener],
    publishers: [await push(order.to)],
  });
  await block.start();
  await block.ready();
  say({ what: "ready" });
  await block.finished;
}

/** Is what somebody writes who has the client library and nothing else. */
async function bare({ from, to, bytes }: Extract<Order, { role: "block" | "bare" }>): Promise<void> {
  const { Pull, Push } = await import("zeromq");
  const pull = new Pull({ receiveHighWaterMark: waitingOf(bytes) });
  const push = new Push({ sendHighWaterMark: waitingOf(bytes) });
  await pull.bind(from);
  push.connect(to);
  say({ what: "ready" });
  for (;;) await push.send(await pull.receive());
}

async function due(atMs: number): Promise<void> {
  const ms = atMs - performance.now();
  // A timer is a millisecond long at least; a turn of the loop is not.
  if (ms > 1) await new Promise<void>((resolve) => setTimeout(resolve, ms));
  while (performance.now() < atMs) await new Promise<void>((resolve) => setImmediate(resolve));
}

function say(word: Word): void {
  process.send?.(word);
}

process.once("message", (order: Order) => {
  work(order).catch((error: unknown) => say({ what: "failed", message: text(error) }));
});
// Whoever asked is gone.
process.once("disconnect", () => process.exit(0));
