import { BlockInlet } from "../../src/listener/block-inlet.ts";
import type { InletOptions } from "../../src/listener/inlet-options.ts";
import { Listener, type Replay } from "../../src/listener/listener.ts";
import type { Codec, Decoded, Hop } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { AnyMessage, Message } from "../../src/message/message.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { BoundedQueue } from "../../src/queue/bounded-queue.ts";
import type { Delivery, Outcome } from "../../src/queue/delivery.ts";
import type { Settlement } from "../../src/queue/settlement.ts";
import { Timings } from "../../src/queue/timings.ts";
import { Ledger } from "../../src/runs/ledger.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";

class Given extends Listener<AnyMessage> {
  override readonly replay: Replay;
  override readonly control: boolean;
  override readonly codec: Codec;

  constructor(replay: Replay, control: boolean, codec: Codec) {
    super();
    this.replay = replay;
    this.control = control;
    this.codec = codec;
  }

  override async start(): Promise<void> {}
}

/** Says what is different from a live listener of the native codec before a queue with room. */
export interface SubjectOptions {
  readonly replay?: Replay;
  readonly control?: boolean;
  readonly codec?: Codec;
  readonly maxMessages?: number;
  readonly recoverRuns?: boolean;
  readonly atMostOnce?: boolean;
  readonly silenceEnds?: boolean;
  readonly tracker?: Partial<InletOptions["tracker"]>;
}

/** Puts an inlet between a test, which is its listener and takes from its queue, and books and news to look at. */
export class InletSubject {
  readonly clock: VirtualClock = new VirtualClock();
  readonly ledger: Ledger = new Ledger();
  readonly queue: BoundedQueue<Delivery>;
  readonly inlet: BlockInlet;
  /** Names of messages with how they were settled, in the order in which that happened. */
  readonly settled: string[] = [];
  readonly rejected: string[] = [];
  readonly news: string[] = [];

  constructor(options: SubjectOptions = {}) {
    const { maxMessages = 1_000, replay = "none", control = false, codec = nativeCodec } = options;
    const refused = (delivery: Delivery): void => {
      delivery.charged = false;
      delivery.conclude("stopped", "stopped");
    };
    this.queue = new BoundedQueue({ overflow: "block", maxMessages, maxBytes: 1e9 }, refused, refused);
    this.inlet = new BlockInlet({
      listener: new Given(replay, control, codec),
      queue: this.queue,
      ledger: this.ledger,
      timings: new Timings(),
      clock: this.clock,
      tell: (event, news) => void this.news.push(`${event} ${Object.values(news).join(" ")}`),
      limits: { ...DEFAULT_LIMITS, maxFrames: 4, maxMessageBytes: 1_000 },
      tracker: {
        startWaitMs: 1_000,
        abandonAfterMs: 10_000,
        maxOpenRuns: 64,
        withoutStart: "drop",
        maxWaiting: 10,
        maxWaitingBytes: 100_000,
        ...options.tracker,
      },
      silenceEnds: options.silenceEnds ?? false,
      recoverRuns: options.recoverRuns ?? false,
      atMostOnce: options.atMostOnce ?? false,
      settling: () => undefined,
      reject: (frames, error, settlement) => {
        this.rejected.push(`${frames.length} frames: ${error.reason}`);
        return settlement?.ack();
      },
      ready: () => undefined,
    });
  }

  settlement(name: string): Settlement {
    return {
      ack: () => void this.settled.push(`ack ${name}`),
      nack: (reason) => void this.settled.push(`nack ${name} ${reason}`),
    };
  }

  put(name: string, message: Message): void | Promise<void> {
    return this.inlet.put(message, this.settlement(name));
  }

  /** Gives a message with the facts of its hop. */
  hop(name: string, message: Message, hop: Partial<Hop>, more: Partial<Decoded> = {}): void | Promise<void> {
    const whole = { incarnation: "life-1", topic: "", skipped: 0, shared: false, copy: false, ...hop };
    return this.inlet.putDecoded({ message, stream: "det", hop: whole, ...more }, this.settlement(name));
  }

  /** Takes all that is queued, as an operator would that is not finished with it. */
  take(): Delivery[] {
    return [...this.queue.drain()];
  }

  /** Takes all that is queued and finishes it; says what it was. */
  finish(): string[] {
    const taken = this.take();
    for (const delivery of taken) delivery.done();
    return taken.map(({ message }) => name(message));
  }

  /** Takes one message and concludes it. */
  conclude(outcome: Outcome): void {
    this.queue.shift()?.conclude(outcome, outcome);
  }
}

/** Says which message it is, in few words. */
export function name(message: AnyMessage): string {
  if (message.type === "start") return `start ${message.run}${message.resumed ? " resumed" : ""}`;
  if (message.type === "stop") return `stop ${message.run} ${message.reason}`;
  return `${message.run ?? "-"} ${message.field("n")}`;
}

export const start = (run: string, sequence?: number): Start => {
  return new Start(
    {},
    { run, ...(sequence === undefined ? {} : { origin: { stream: "det", partition: "", sequence } }) },
  );
};
export const event = (n: number, run?: string): Event =>
  new Event({ n }, new Uint8Array(1), run === undefined ? {} : { run });
export const stop = (run: string): Stop => new Stop({}, { run });
