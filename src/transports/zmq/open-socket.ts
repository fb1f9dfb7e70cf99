import { UsageError } from "../../errors.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import { oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { readEnds, type ZmqOptions } from "./ends.ts";
import { ZmqSocket, type ZmqSocketType } from "./zmq-socket.ts";
import type { SocketType } from "./zmtp/handshake.ts";
import type { Pattern } from "./zmtp/pattern.ts";

/** Says where a `ZmqSocket` talks to others, and how. */
export interface ZmqSocketOptions
  extends Pick<
    ZmqOptions,
    "connect" | "bind" | "plain" | "maxBytes" | "heartbeatMs" | "reconnectMaxMs" | "readInPlace" | "strict"
  > {
  /** Beginnings of the topics to get, for `sub`; an empty list for none yet. Default: everything. Native name: ZMQ_SUBSCRIBE. */
  readonly topics?: readonly string[];
  /**
   * The name by which a router knows this socket, 1 to 255 bytes of which the first is not 0, for `req`, `dealer` and
   * `router`. Default: none, and a router makes one. Native name: ZMQ_ROUTING_ID.
   */
  readonly identity?: string | Uint8Array;
  /**
   * For `router`: true makes it an error to send to a name that nobody has, and waits for one who is full; false drops
   * such messages. Default false. Native name: ZMQ_ROUTER_MANDATORY.
   */
  readonly mandatory?: boolean;
  /**
   * For `router`: true gives a name that is in use to the one who comes with it, false refuses him. Default false. Native
   * name: ZMQ_ROUTER_HANDOVER.
   */
  readonly handover?: boolean;
  /** Messages that may wait for each peer, in and out, from 1 on; default 1 000. Native names: ZMQ_SNDHWM, ZMQ_RCVHWM. */
  readonly maxMessages?: number;
  /** The largest message that is taken in, in bytes, from 1 on; default 256 MB (2^28). Native name: ZMQ_MAXMSGSIZE. */
  readonly maxMessageBytes?: number;
  /** How long what was sent may still leave after `close`, in milliseconds, from 0 on; default 5 000. Native name: ZMQ_LINGER. */
  readonly lingerMs?: number;
  /** Hears what a person should know of connections. Default: a warning of the process. */
  readonly onWarning?: (message: string) => void;
}

const TYPES = ["pub", "sub", "xpub", "xsub", "push", "pull", "pair", "req", "rep", "dealer", "router"] as const;
const NAMED: readonly ZmqSocketType[] = ["req", "dealer", "router"];
const OPTIONS: readonly (keyof ZmqSocketOptions)[] = [
  "connect",
  "bind",
  "plain",
  "maxBytes",
  "heartbeatMs",
  "reconnectMaxMs",
  "readInPlace",
  "strict",
  "topics",
  "identity",
  "mandatory",
  "handover",
  "maxMessages",
  "maxMessageBytes",
  "lingerMs",
  "onWarning",
];
const MAX_MESSAGES = 1000;
const LINGER_MS = 5000;
const MAX_IDENTITY_BYTES = 255;

/** Opens a socket of ZeroMQ: binds, and goes on to connect by itself. */
export async function openSocket(type: ZmqSocketType, options: ZmqSocketOptions): Promise<ZmqSocket> {
  const kind = TYPES.find((one) => one === type);
  if (kind === undefined) {
    throw new UsageError(`openSocket: type: expected one of ${TYPES.join(", ")}, got ${shown(type)}`);
  }
  const subject = `ZmqSocket ${kind}`;
  const other = ["curve", "engine"].find((name) => Object.hasOwn(options ?? {}, name));
  if (other !== undefined) {
    throw new UsageError(
      `${subject}: ${other}: these sockets are those of the engine "zmtp"; for CURVE take the package zeromq`,
    );
  }
  const ends = readEnds(subject, options, OPTIONS);
  const { onWarning = (message) => process.emitWarning(message, "ArroyoWarning") } = options;
  if (typeof onWarning !== "function") throw new UsageError(`${subject}: onWarning: expected a function`);
  const identity = readIdentity(subject, kind, options.identity);
  const settings = {
    ...ends.settings,
    maxFrameBytes: number("maxMessageBytes", DEFAULT_LIMITS.maxMessageBytes, 1),
    maxMessages: number("maxMessages", MAX_MESSAGES, 1),
    lingerMs: number("lingerMs", LINGER_MS, 0),
    ...(identity === undefined ? undefined : { identity }),
  };
  const rules = { isMandatory: rule("mandatory"), isHandover: rule("handover") };
  const topics = readTopics(subject, kind, options.topics);
  if (ends.warning !== undefined) onWarning(ends.warning);
  // Only now, so that who needs none of these sockets does not load them.
  const { patternOf } = await import("./zmtp/patterns.ts");
  let came = (): void => {};
  const pattern = patternOf(kind.toUpperCase() as SocketType, settings, rules, {
    came: () => came(),
    peers: () => undefined,
    trouble: (reason) => onWarning(`${subject}: a connection ${reason}`),
  });
  const socket = new ZmqSocket(kind, subject, pattern, await join(pattern, ends), (heard) => {
    came = heard;
  });
  for (const topic of topics) socket.subscribe(topic);
  return socket;

  function number(name: "maxMessageBytes" | "maxMessages" | "lingerMs", normal: number, lowest: number): number {
    return wholeNumber(subject, name, options[name], normal, lowest);
  }

  function rule(name: "mandatory" | "handover"): boolean {
    const given = oneOf(subject, name, options[name], false, [true, false]);
    if (given && kind !== "router") throw new UsageError(`${subject}: ${name}: only a router has it; leave it out`);
    return given;
  }
}

/** Binds, then connects; closes again where that is not possible. */
async function join(
  pattern: Pattern,
  { bind, connect }: Pick<ReturnType<typeof readEnds>, "bind" | "connect">,
): Promise<readonly string[]> {
  try {
    const bound: string[] = [];
    for (const { text } of bind) bound.push(await pattern.bind(text));
    for (const { text } of connect) pattern.connect(text);
    return [...bound, ...connect.map(({ text }) => text)];
  } catch (error) {
    pattern.close();
    throw error;
  }
}

function readIdentity(subject: string, kind: ZmqSocketType, given: unknown): Uint8Array | undefined {
  if (given === undefined) return undefined;
  if (!NAMED.includes(kind))
    throw new UsageError(`${subject}: identity: only ${NAMED.join(", ")} have one; leave it out`);
  const bytes = typeof given === "string" ? Buffer.from(given) : given;
  if (bytes instanceof Uint8Array && bytes.length > 0 && bytes.length <= MAX_IDENTITY_BYTES && bytes[0] !== 0) {
    return new Uint8Array(bytes);
  }
  throw new UsageError(
    `${subject}: identity: expected 1 to ${MAX_IDENTITY_BYTES} bytes of which the first is not 0, got ${shown(given)}`,
  );
}

function readTopics(subject: string, kind: ZmqSocketType, given: unknown): readonly string[] {
  if (given === undefined) return kind === "sub" ? [""] : [];
  if (kind !== "sub") throw new UsageError(`${subject}: topics: only a sub has them; leave them out`);
  if (Array.isArray(given) && given.every((topic) => typeof topic === "string")) return given;
  throw new UsageError(`${subject}: topics: expected a list of texts, got ${shown(given)}`);
}
