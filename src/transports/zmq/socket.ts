import type { Settlement } from "../../queue/settlement.ts";
import type { ZmqCurve } from "./curve.ts";
import type { ZmqPlain } from "./plain.ts";

/**
 * Takes the frames of one message; a promise says "no more until it has resolved". Called only one at a time. What is
 * lent has to be settled: then its memory is used again.
 */
export type Into = (frames: readonly Uint8Array[], lent?: Settlement) => void | Promise<void>;

/** Hears what happens to the connections of a socket. */
export interface News {
  /** So many other sockets are connected now, after their handshakes. */
  peers(count: number): void;
  /** A connection failed in a way that a person should know. */
  trouble(reason: string): void;
}

/** Is one subscriber, where the implementation can tell them apart. */
export interface Joiner {
  /** Sends a message to this one alone, before everything that is published from now on. */
  take(frames: readonly Uint8Array[]): void;
}

/** Hears that a subscriber wants what begins with a prefix, or no longer wants it. */
export type Heard = (prefix: Uint8Array, isWanted: boolean, joiner?: Joiner) => void;

/** Holds what every implementation of a socket needs to know. */
export interface SocketSettings {
  /** Begins the messages of errors. */
  readonly subject: string;
  /** Bytes that may wait in the socket, for each peer. */
  readonly maxBytes: number;
  /** The size of messages for libzmq, which counts them, in bytes. */
  readonly messageBytes: number;
  /** The largest frame that is taken in, in bytes. */
  readonly maxFrameBytes: number;
  /** Frames of a message that must be possible; our engine takes 10 000 where it is fewer, libzmq any number. */
  readonly maxFrames?: number;
  /** Milliseconds between two signs of life of the connection; 0: none. */
  readonly heartbeatMs: number;
  /** The longest pause between two attempts to connect. */
  readonly reconnectMaxMs: number;
  /** How long what was sent may still leave after `close`. */
  readonly lingerMs: number;
  /** Whether our engine may read large frames of those who call straight to where they stay. */
  readonly readInPlace: boolean;
  /** Whether our engine may lend memory for large frames, and use it again; only for those that read. */
  readonly reuseBuffers?: boolean;
  /** Needed by libzmq for addresses in brackets. */
  readonly ipv6: boolean;
  readonly curve: ZmqCurve | undefined;
  readonly plain: ZmqPlain | undefined;
  /** Messages that may wait, as bytes may. Default: any number. */
  readonly maxMessages?: number;
  /** The name by which a ROUTER shall know the socket. */
  readonly identity?: Uint8Array;
}

/** Holds what reading and writing sockets have in common: either one address to connect to, or any number to bind to. */
export interface EndedSocket {
  /** Other sockets that are connected now; those that come to a bound inproc address are not seen. */
  readonly peers: number;
  /** Binds and gives the address with its real port. Comes before everything else. */
  bind(address: string): Promise<string>;
  /** Connects, again and again where nobody answers, until `close`. Comes once, before everything else. */
  connect(address: string): void;
  /** Closes; what was sent may still leave, as long as the settings say. A second call does nothing. */
  close(): void;
}

/** Asks one question after the other, and gets an answer to each. */
export interface AskingSocket extends EndedSocket {
  /**
   * Waits for somebody to ask, asks, and gives the answer; undefined when none came in time (0: any time), the connection
   * ended before it, or the socket was closed. Without an answer the socket is of no more use.
   */
  ask(question: readonly Uint8Array[], timeoutMs: number): Promise<Uint8Array[] | undefined>;
}

/** Takes messages in. */
export interface ReadingSocket extends EndedSocket {
  /** Asks for what begins with a prefix. */
  subscribe(prefix: string): void;
  /** Hands messages over until `close`, many in one turn where they are there; rejects with what `into` threw. */
  receive(into: Into): Promise<void>;
}

/** Sends messages out. Frames are sent as they are and must never change afterwards. */
export interface WritingSocket extends EndedSocket {
  /** True when `take` would take a message. */
  readonly hasRoom: boolean;
  /** Takes a message if there is room; one that publishes always takes it, and leaves slow subscribers out. */
  take(frames: readonly Uint8Array[]): boolean;
  /** Waits for room; false when `patienceMs` have passed, and after `close`. Only one may wait. */
  takeLater(frames: readonly Uint8Array[], patienceMs?: number): Promise<boolean>;
  /** Begins to tell what subscribers ask for, each subscription and each end of one; only for one that publishes. */
  subscriptions(heard: Heard): void;
}

/** Makes the sockets of one listener or publisher: one implementation of ZeroMQ. */
export interface Engine {
  readonly name: string;
  reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket>;
  writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket>;
  asking(settings: SocketSettings, news: News): Promise<AskingSocket>;
  /** Ends what the sockets shared, after they were closed; tells whether everything that was sent has left. */
  close(): Promise<boolean>;
}
