import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS, type Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { Dispatcher, type ZmqDispatcher } from "./dispatcher.ts";
import { COMMON_OPTIONS, type Ends, readEnds, type ZmqOptions } from "./ends.ts";

/** Says where a `ZmqListener` reads, and how. */
export interface ZmqListenerOptions<M extends AnyMessage = Message> extends ZmqOptions {
  /**
   * `sub` gets everything of its topics, `pull` shares with other pullers, `req` asks for each message. Default `sub`, and
   * `pull` with `dispatcher`. Native names: ZMQ_SUB, ZMQ_PULL, ZMQ_REQ.
   */
  readonly socket?: "sub" | "pull" | "req";
  /** Beginnings of the topics to read, for `sub`. Default: everything. Start and Stop always come. Native name: ZMQ_SUBSCRIBE. */
  readonly topics?: readonly string[];
  /** The question to which each message is the answer, for `req`. Default `next`. */
  readonly ask?: string | Uint8Array;
  /**
   * How long an answer is waited for, in milliseconds, 0 for any time, for `req`; default 60 000. Then the question is
   * asked again, on a new connection: what answers late is not read any more.
   */
  readonly answerTimeoutMs?: number;
  /** Asks a dispatcher for a stream of channels and reads that, instead of `connect` and `bind`. Default: none. */
  readonly dispatcher?: ZmqDispatcher;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
  /**
   * Bounds of a message, instead of the codec's and the block's. A frame over `maxMessageBytes` ends its connection. Native
   * name: ZMQ_MAXMSGSIZE.
   */
  readonly limits?: Partial<Limits>;
  /**
   * True uses the memory of frames from 32 kB on again when their message is settled; whoever keeps an event for longer
   * calls `keep()`, which copies it. With false each frame has memory of its own for as long as anybody keeps it. Default:
   * only where nobody could keep one, in a block without an operator that has no other publishers than `ZmqPublisher`.
   * Only for `zmtp`, and not for `req`.
   */
  readonly reuseBuffers?: boolean;
}

/** Holds options of a listener that were checked. */
export interface ListenerSettings {
  readonly ends: Ends;
  readonly socket: "sub" | "pull" | "req";
  /** The prefixes to subscribe to, that of Starts and Stops first; undefined for everything. */
  readonly topics: readonly string[] | undefined;
  readonly question: Uint8Array;
  readonly answerTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
  readonly limits: Partial<Limits> | undefined;
  /** Undefined: where nobody else gets the messages. */
  readonly reuseBuffers: boolean | undefined;
}

const OPTIONS = [
  ...COMMON_OPTIONS,
  "socket",
  "topics",
  "ask",
  "answerTimeoutMs",
  "dispatcher",
  "expect",
  "limits",
  "reuseBuffers",
];
const SOCKETS = ["sub", "pull", "req"] as const;
const LIMITS = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
const ANSWER_TIMEOUT_MS = 60_000;

/** Checks the options of a listener. */
export function readListenerOptions(subject: string, options: ZmqListenerOptions<never>): ListenerSettings {
  const ends = readEnds(subject, options, OPTIONS, "dispatcher");
  const isDispatched = options.dispatcher !== undefined;
  const socket = oneOf(subject, "socket", options.socket, isDispatched ? "pull" : "sub", SOCKETS);
  const isReusing = oneOf(subject, "reuseBuffers", options.reuseBuffers, false, [true, false]);
  if (isReusing && ends.engine === "libzmq") {
    throw new UsageError(
      `${subject}: engine "libzmq" cannot reuse buffers; leave reuseBuffers out, or take engine: "zmtp"`,
    );
  }
  if (options.expect !== undefined && typeof options.expect !== "function") {
    throw new UsageError(`${subject}: expect: expected a function of a message, got ${shown(options.expect)}`);
  }
  checkAsking(subject, socket, options, ends, isDispatched);
  return {
    ends,
    socket,
    topics: readTopics(subject, socket, options.topics),
    question: readQuestion(subject, options.ask),
    answerTimeoutMs: wholeNumber(subject, "answerTimeoutMs", options.answerTimeoutMs, ANSWER_TIMEOUT_MS, 0),
    dispatcher: isDispatched
      ? new Dispatcher(subject, options.dispatcher, socket === "sub" ? "pub_sub" : "push_pull")
      : undefined,
    limits: readLimits(subject, options.limits),
    reuseBuffers: isSeenByOthers(socket, options) ? isReusing : options.reuseBuffers,
  };
}

/** A codec and a check of the user's could keep what they see. */
function isSeenByOthers(socket: "sub" | "pull" | "req", { codec, expect }: ZmqListenerOptions<never>): boolean {
  return socket === "req" || expect !== undefined || (codec !== undefined && codec !== nativeCodec);
}

function checkAsking(
  subject: string,
  socket: "sub" | "pull" | "req",
  { ask, answerTimeoutMs, reuseBuffers }: ZmqListenerOptions<never>,
  { bind }: Ends,
  isDispatched: boolean,
): void {
  if (socket !== "req") {
    const other = ask !== undefined ? "ask" : answerTimeoutMs !== undefined ? "answerTimeoutMs" : undefined;
    if (other === undefined) return;
    throw new UsageError(`${subject}: ${other}: only a req asks; use socket: "req", or leave ${other} out`);
  }
  if (isDispatched) throw new UsageError(`${subject}: dispatcher: gives streams for sub and pull; leave socket out`);
  if (bind.length > 0) throw new UsageError(`${subject}: bind: a req calls who answers; use connect`);
  if (reuseBuffers === true) throw new UsageError(`${subject}: reuseBuffers: a req cannot; leave it out`);
}

function readQuestion(subject: string, ask: unknown = "next"): Uint8Array {
  if (typeof ask === "string") return new Uint8Array(Buffer.from(ask));
  if (ask instanceof Uint8Array) return new Uint8Array(ask);
  throw new UsageError(`${subject}: ask: expected a text or bytes, got ${shown(ask)}`);
}

function readTopics(subject: string, socket: "sub" | "pull" | "req", topics: unknown): readonly string[] | undefined {
  if (topics === undefined) return undefined;
  if (socket !== "sub") {
    throw new UsageError(
      `${subject}: topics: a ${socket} takes what it is given; use socket: "sub", or leave topics out`,
    );
  }
  if (!Array.isArray(topics) || topics.length === 0 || topics.some((topic) => typeof topic !== "string")) {
    throw new UsageError(
      `${subject}: topics: expected a list of texts, got ${shown(topics)}; leave it out for everything`,
    );
  }
  const prefixes = new Set<string>(topics as string[]);
  const isCovered = [...prefixes].some((prefix) => LIFECYCLE_TOPIC.startsWith(prefix));
  return isCovered ? [...prefixes] : [LIFECYCLE_TOPIC, ...prefixes];
}

function readLimits(subject: string, limits: unknown): Partial<Limits> | undefined {
  if (limits === undefined) return undefined;
  if (typeof limits !== "object" || limits === null) {
    throw new UsageError(`${subject}: limits: expected an object such as { maxMessageBytes: 1000000 }`);
  }
  const given = limits as Partial<Limits>;
  for (const name of Object.keys(given)) oneOf(subject, "limits", name, "maxFrames", LIMITS);
  for (const name of LIMITS) wholeNumber(subject, `limits.${name}`, given[name], 1, 1);
  return given;
}

/** Gives the bounds that the sockets of a listener need, of those of the block and the listener's own. */
export function socketBounds(
  own: Partial<Limits> | undefined,
  { limits }: { readonly limits: Limits },
  { limits: codecs }: Pick<Codec, "limits">,
): { readonly maxFrameBytes: number; readonly maxFrames: number } {
  const { maxMessageBytes, maxFrames } = { ...limits, ...codecs, ...own };
  return { maxFrameBytes: maxMessageBytes, maxFrames };
}
