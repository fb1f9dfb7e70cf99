import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { checkNames, oneOf, shown, wholeNumber } from "../../options/option-check.ts";
import { type Address, readAddress, type Use } from "./address.ts";
import { readCurve, type ZmqCurve } from "./curve.ts";
import { isPlainServer, readPlain, type ZmqPlain } from "./plain.ts";
import type { SocketSettings } from "./socket.ts";
import { namesAreWhole } from "./zmtp/abstract-names.ts";

const ENGINES = ["auto", "zmtp", "libzmq"] as const;

/** Names an implementation of ZeroMQ; `auto` takes the best one that is there. */
export type EngineName = (typeof ENGINES)[number];

/** Says where the other side is. At least one of `connect` and `bind` is needed; both may stand together. */
export interface ZmqEnds {
  /** Addresses to connect to: `tcp://HOST:PORT`, `ipc:///PATH`, `inproc://NAME`. Native name: zmq_connect. */
  readonly connect?: string | readonly string[];
  /**
   * Addresses to bind to: as for `connect`; `*` for all interfaces, a free port or a free path. What was taken is in
   * `endpoints`. Native name: zmq_bind.
   */
  readonly bind?: string | readonly string[];
  /**
   * The implementation of ZeroMQ: `zmtp`, our own, which needs no package, or `libzmq` by the package `zeromq`. They
   * understand each other. Default `auto`: `zmtp`, but `libzmq` with `curve`, and for abstract names of ipc where this
   * version of Node has none.
   */
  readonly engine?: EngineName;
}

/** Holds what listener and publisher have in common. */
export interface ZmqOptions extends ZmqEnds {
  /** The form of the bytes. Default: the native codec. */
  readonly codec?: Codec;
  /** Keys for encryption and authentication. Default: none, everybody who reaches the address is served. */
  readonly curve?: ZmqCurve;
  /** A name and a password, or those of who may come; they travel in the clear. Default: none. Not together with `curve`. */
  readonly plain?: ZmqPlain;
  /**
   * Bytes that may wait in the socket for each peer, from 1 on; default 64 MB (64 * 2^20). With `zmtp` at most 1 MB, or
   * one message, waits in a push. libzmq counts messages and not bytes: it is told that `maxBytes / messageBytes` of them
   * may wait, at least 2. Beyond that the kernel keeps some MB for each connection, on either side. Native names:
   * ZMQ_SNDHWM, ZMQ_RCVHWM.
   */
  readonly maxBytes?: number;
  /**
   * The size of a message for `libzmq`, in bytes, from 1 on; default 65 536. Name it where frames are larger: messages of
   * 8 MB would otherwise need 8 GB before somebody who does not read is noticed. `zmtp` does not need it.
   */
  readonly messageBytes?: number;
  /**
   * Milliseconds between two signs of life of the connection, 0 for none; default 0. A connection that is silent for
   * three of them is closed. Leave it at 0 where a reader with libzmq may be slow: it answers nothing while it does not
   * read, so that heartbeats, set on either side, cut the connection and lose what was in it. Native name:
   * ZMQ_HEARTBEAT_IVL.
   */
  readonly heartbeatMs?: number;
  /**
   * The longest pause between two attempts to connect, in milliseconds, from 1 on; default 5 000. The first pause is 100
   * ms. Native name: ZMQ_RECONNECT_IVL_MAX.
   */
  readonly reconnectMaxMs?: number;
  /**
   * False reads large frames of those who connected to us by the common events of Node; default true, by what Node offers
   * only for sockets that connect, which takes a third less time from 1 MB on. Only for `zmtp`.
   */
  readonly readInPlace?: boolean;
  /** True refuses what otherwise is a warning: an address that anybody on the network can use. Default false. */
  readonly strict?: boolean;
}

/** Names the options of `ZmqOptions`. */
export const COMMON_OPTIONS: readonly (keyof ZmqOptions)[] = [
  "connect",
  "bind",
  "engine",
  "codec",
  "curve",
  "plain",
  "maxBytes",
  "messageBytes",
  "heartbeatMs",
  "reconnectMaxMs",
  "readInPlace",
  "strict",
];

/** Holds common options that were checked. */
export interface Ends {
  readonly connect: readonly Address[];
  readonly bind: readonly Address[];
  /** Never `auto`. */
  readonly engine: EngineName;
  /** What to say about addresses that anybody on the network can reach. */
  readonly warning: string | undefined;
  readonly settings: Omit<SocketSettings, "maxFrameBytes" | "lingerMs">;
}

/** The default of `maxBytes`. */
const MAX_BYTES = 64 * 1024 * 1024;
const MESSAGE_BYTES = 64 * 1024;
const RECONNECT_MAX_MS = 5000;

/**
 * Checks the options of `ZmqOptions`, and that there are no others than the named ones. An option that says where to ask
 * for the address stands instead of one.
 */
export function readEnds(subject: string, options: ZmqOptions, names: readonly string[], instead?: string): Ends {
  if (typeof options !== "object" || options === null)
    throw new UsageError(`${subject}: expected an object of options`);
  checkNames(subject, options, names);
  const connect = readAddresses(subject, "connect", options.connect);
  const bind = readAddresses(subject, "bind", options.bind);
  const isAsked = instead !== undefined && (options as Readonly<Record<string, unknown>>)[instead] !== undefined;
  if (isAsked && connect.length + bind.length > 0) {
    throw new UsageError(`${subject}: ${instead} gives the address itself; leave connect and bind out`);
  }
  if (!isAsked && connect.length + bind.length === 0) {
    throw new UsageError(`${subject}: has no address; give connect or bind, such as connect: "tcp://127.0.0.1:5555"`);
  }
  checkCodec(subject, options.codec);
  const curve = readCurve(subject, options.curve);
  const maxBytes = wholeNumber(subject, "maxBytes", options.maxBytes, MAX_BYTES, 1);
  const plain = readPlain(subject, options.plain);
  if (curve !== undefined && plain !== undefined) {
    throw new UsageError(
      `${subject}: has curve and plain; a connection has one security: take curve, which needs no more`,
    );
  }
  const isGuarded = curve !== undefined || (plain !== undefined && isPlainServer(plain));
  const warning = isGuarded ? undefined : openness(subject, bind);
  if (options.strict === true && warning !== undefined) throw new UsageError(warning);
  return {
    connect,
    bind,
    engine: readEngine(subject, options.engine, curve, [...connect, ...bind]),
    warning,
    settings: {
      subject,
      maxBytes,
      messageBytes: wholeNumber(subject, "messageBytes", options.messageBytes, MESSAGE_BYTES, 1),
      heartbeatMs: wholeNumber(subject, "heartbeatMs", options.heartbeatMs, 0, 0),
      reconnectMaxMs: wholeNumber(subject, "reconnectMaxMs", options.reconnectMaxMs, RECONNECT_MAX_MS, 1),
      readInPlace: oneOf(subject, "readInPlace", options.readInPlace, true, [true, false]),
      ipv6: [...connect, ...bind].some((address) => address.isBracketed),
      curve,
      plain,
    },
  };
}

function readEngine(
  subject: string,
  given: unknown,
  curve: ZmqCurve | undefined,
  addresses: readonly Address[],
): EngineName {
  const name = oneOf(subject, "engine", given, "auto", ENGINES);
  if (name === "zmtp" && curve !== undefined) {
    throw new UsageError(`${subject}: engine: "zmtp" has no CURVE; take "libzmq" for curve, or leave engine out`);
  }
  if (name !== "auto") return name;
  const isPadded = !namesAreWhole() && addresses.some(({ text }) => text.startsWith("ipc://@"));
  return curve !== undefined || isPadded ? "libzmq" : "zmtp";
}

function readAddresses(subject: string, use: Use, given: unknown): readonly Address[] {
  if (given === undefined) return [];
  const texts = new Set(Array.isArray(given) ? (given as unknown[]) : [given]);
  return [...texts].map((one) => readAddress(subject, use, one));
}

function checkCodec(subject: string, codec: unknown): void {
  const { reader, writer } = (codec ?? { reader: checkCodec, writer: checkCodec }) as Partial<Codec>;
  if (typeof reader === "function" && typeof writer === "function") return;
  throw new UsageError(`${subject}: codec: expected a codec, an object with reader and writer, got ${shown(codec)}`);
}

function openness(subject: string, bind: readonly Address[]): string | undefined {
  const open = bind.filter((address) => !address.isPrivate).map((address) => address.text);
  if (open.length === 0) return undefined;
  return (
    `${subject}: ${open.join(" and ")} can be reached by anybody on the network, without authentication; ` +
    "bind to 127.0.0.1 or to an ipc path, or give curve keys or plain.users"
  );
}
