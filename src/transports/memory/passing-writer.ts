import { UsageError } from "../../errors.ts";
import type { Codec, Decoded, Hop, Writer, WriterOptions } from "../../message/codec.ts";
import type { Envelope, Origin } from "../../message/envelope.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { originPlace } from "../../message/native/lazy-event.ts";
import { PublisherLife, type TopicLife } from "../../message/native/publisher-life.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";

const NO_BYTES = new Uint8Array(0);

/** Says where the topics of a life stand. */
type Numbers = Required<Pick<Hop, "next">> & Pick<Hop, "left">;

/** Passes the messages of one life of a publisher on as they are, with what a wire would have told about their hop. */
export class PassingWriter {
  readonly #life: PublisherLife;
  readonly #shared: boolean;
  /** The Starts of the open runs, as they were passed on. */
  readonly #starts = new Map<string, Decoded<AnyMessage> & { readonly hop: Hop }>();
  readonly #hops = new Map<TopicLife, Hop>();
  #lastTopic: TopicLife | undefined;
  #lastHop: Hop | undefined;

  constructor(options: WriterOptions = {}) {
    this.#life = new PublisherLife(options);
    this.#shared = options.shared ?? false;
  }

  /** The random id of this life. */
  get incarnation(): string {
    return this.#life.incarnation;
  }

  /** Gives a message with its place on this hop; one without an origin gets this as its origin. */
  pass(message: AnyMessage, topic = ""): Decoded<AnyMessage> {
    if (message.type === "event") return this.#event(message, this.#life.topic(topic));
    return message.type === "start" ? this.#start(message) : this.#stop(message);
  }

  /** Counts a message that is left out on purpose. */
  skip(message: AnyMessage, topic = ""): void {
    if (message.type === "event") this.#life.leaveOut(this.#life.topic(topic), message.run);
    else this.#life.leaveOutLifecycle(message.run, message.type === "stop");
  }

  /** Gives the Starts of the open runs once more, with the counters of now. */
  again(): readonly Decoded<AnyMessage>[] {
    const numbers = this.#numbers();
    return Array.from(this.#starts.values(), (start) => startAgain(start, numbers));
  }

  /** Tells that this life is over and its runs with it; undefined where no run is open. */
  farewell(): Decoded<AnyMessage> | undefined {
    if (this.#life.open().length === 0) return undefined;
    const { stream } = this.#life;
    const message = new Event({ stream, open: [] }, NO_BYTES);
    return { message, stream, control: true, hop: { ...this.#lifecycleHop(0), ...this.#numbers(), open: [] } };
  }

  /** Says what was sent of an open run, as its source. */
  sent(run: string): ReturnType<PublisherLife["sent"]> {
    return this.#life.sent(run);
  }

  #event(event: Event, topic: TopicLife): Decoded<AnyMessage> {
    const life = this.#life;
    const { stream } = life;
    const { next: sequence, skipped } = topic;
    const isSource = originPlace(event) === undefined;
    const message = isSource ? eventFrom(event, stream, topic.name, sequence) : event;
    const hop = this.#hop(topic);
    life.event(topic, event.run, isSource);
    return { message, stream, sequence, hop: skipped === 0 ? hop : { ...hop, skipped } };
  }

  #start(message: Start): Decoded<AnyMessage> {
    const { next: sequence, skipped } = this.#life.lifecycle;
    const { stream } = this.#life;
    const { envelope, resumed, data } = message;
    const from =
      envelope.origin === undefined ? { ...withOrigin(envelope, this.#lifecycleOrigin()), resumed } : undefined;
    const passed = from === undefined ? message : new Start(data, from);
    const numbers = this.#numbers();
    const hop = { ...this.#lifecycleHop(skipped), began: numbers.next, ...numbers };
    const start = { message: passed, stream, sequence, hop };
    const fellOut = this.#life.start(message.run);
    if (fellOut !== undefined) this.#starts.delete(fellOut);
    this.#starts.delete(message.run);
    this.#starts.set(message.run, start);
    return start;
  }

  #stop(message: Stop): Decoded<AnyMessage> {
    const { next: sequence, skipped } = this.#life.lifecycle;
    const { stream } = this.#life;
    const { envelope, run } = message;
    const sent = this.#life.hopSent(run);
    const hop = { ...this.#lifecycleHop(skipped), ...this.#numbers(), ...(sent === undefined ? {} : { sent }) };
    const stop = { message: envelope.origin === undefined ? this.#stopFrom(message) : message, stream, sequence, hop };
    this.#life.stop(run);
    this.#starts.delete(run);
    return stop;
  }

  #numbers(): Numbers {
    const next = this.#life.next();
    const left = this.#life.left();
    return left === undefined ? { next } : { next, left };
  }

  #stopFrom(message: Stop): Stop {
    const { data, reason, run, account, envelope } = message;
    const stop = new Stop(data, { ...withOrigin(envelope, this.#lifecycleOrigin()), run, reason });
    return account === undefined ? stop : Stop.accounted(stop, account);
  }

  #lifecycleOrigin(): Origin {
    const { stream, lifecycle } = this.#life;
    return { stream, partition: LIFECYCLE_TOPIC, sequence: lifecycle.next };
  }

  /** One object for all events of a topic before which nothing was left out. */
  #hop(topic: TopicLife): Hop {
    if (topic === this.#lastTopic) return this.#lastHop as Hop;
    return this.#otherHop(topic);
  }

  #otherHop(topic: TopicLife): Hop {
    let hop = this.#hops.get(topic);
    if (hop === undefined) {
      const { incarnation } = this.#life;
      hop = Object.freeze({ incarnation, topic: topic.name, skipped: 0, shared: this.#shared, copy: false });
      this.#hops.set(topic, hop);
    }
    this.#lastTopic = topic;
    this.#lastHop = hop;
    return hop;
  }

  #lifecycleHop(skipped: number): Hop {
    const { incarnation } = this.#life;
    return { incarnation, topic: LIFECYCLE_TOPIC, skipped, shared: this.#shared, copy: false };
  }
}

/** Makes a copy of a Start for whoever joins; without counters where those of its time are not known. */
export function startAgain(start: Decoded<AnyMessage> & { readonly hop: Hop }, numbers?: Numbers): Decoded<AnyMessage> {
  const { message } = start;
  const { next: _atItsTime, left: _either, ...hop } = start.hop;
  return {
    ...start,
    message: new Start(message.type === "event" ? {} : message.data, { ...message.envelope, resumed: true }),
    hop: { ...hop, skipped: 0, copy: true, ...numbers },
  };
}

/** Belongs to publishers that have no bytes to make: its writers only count, through `passing`. */
export const memoryCodec: Codec = Object.freeze({
  name: "memory",
  withoutStart: "drop",
  reader: () => refuse,
  writer: (options?: WriterOptions): Writer => {
    const passing = new PassingWriter(options);
    const writer: Writer & { readonly passing: PassingWriter } = Object.assign(() => refuse(), {
      incarnation: passing.incarnation,
      skip: (message: AnyMessage, writing?: { readonly topic?: string }) => passing.skip(message, writing?.topic),
      sent: (run: string) => passing.sent(run),
      passing,
    });
    return writer;
  },
} as const);

/** Gives the part of a writer of `memoryCodec` that passes messages on. */
export function passingWriter(writer: Writer): PassingWriter {
  return (writer as Writer & { readonly passing: PassingWriter }).passing;
}

function refuse(): never {
  throw new UsageError("memory: messages are passed on as objects and have no bytes; use another codec for bytes");
}

function eventFrom(event: Event, stream: string, partition: string, sequence: number): Event {
  return new Event(event.metadata, event.payload, withOrigin(event.envelope, { stream, partition, sequence }));
}

/** Written out for the usual envelopes: adding keys one by one takes longer, and spreading much longer; this is done per event. */
function withOrigin(own: Envelope, origin: Origin): Envelope {
  const { run, timeMs } = own;
  if (run === undefined || own.key !== undefined || own.headers !== undefined || own.trace !== undefined) {
    return completedWithOrigin(own, origin);
  }
  return timeMs === undefined ? { run, origin } : { run, timeMs, origin };
}

function completedWithOrigin({ run, key, timeMs, headers, trace }: Envelope, origin: Origin): Envelope {
  const envelope: { -readonly [K in keyof Envelope]: Envelope[K] } = { origin };
  if (run !== undefined) envelope.run = run;
  if (key !== undefined) envelope.key = key;
  if (timeMs !== undefined) envelope.timeMs = timeMs;
  if (headers !== undefined) envelope.headers = headers;
  if (trace !== undefined) envelope.trace = trace;
  return envelope;
}
