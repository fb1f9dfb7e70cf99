import { inTime, until } from "../../../../src/testing/conformance/until.ts";
import type {
  Heard,
  News,
  ReadingSocket,
  SocketSettings,
  WritingSocket,
} from "../../../../src/transports/zmq/socket.ts";
import type { ZmtpBounds } from "../../../../src/transports/zmq/zmtp/bounds.ts";
import { ZmtpEngine } from "../../../../src/transports/zmq/zmtp/zmtp-engine.ts";

const SETTINGS: SocketSettings = {
  subject: "test",
  maxBytes: 64 * 1024 * 1024,
  messageBytes: 64 * 1024,
  maxFrameBytes: 256 * 1024 * 1024,
  heartbeatMs: 0,
  reconnectMaxMs: 200,
  lingerMs: 5000,
  readInPlace: true,
  ipv6: false,
  curve: undefined,
  plain: undefined,
};

/** Holds sockets of our engine and what was heard of them. */
export class Ours implements AsyncDisposable {
  readonly troubles: string[] = [];
  readonly engine: ZmtpEngine;
  readonly #settings: SocketSettings;
  readonly #sockets: (ReadingSocket | WritingSocket)[] = [];

  constructor({ readInPlace = true, ...bounds }: Partial<ZmtpBounds & { readInPlace: boolean }> = {}) {
    this.#settings = { ...SETTINGS, readInPlace };
    this.engine = new ZmtpEngine(bounds);
  }

  async reading(kind: "sub" | "pull", settings: Partial<SocketSettings> = {}): Promise<ReadingSocket> {
    const socket = await this.engine.reading(kind, { ...this.#settings, lingerMs: 0, ...settings }, this.#news());
    this.#sockets.push(socket);
    return socket;
  }

  async writing(kind: "pub" | "push", settings: Partial<SocketSettings> = {}): Promise<WritingSocket> {
    const socket = await this.engine.writing(kind, { ...this.#settings, ...settings }, this.#news());
    this.#sockets.push(socket);
    return socket;
  }

  /** Closes all sockets; tells whether everything has left. */
  async close(): Promise<boolean> {
    for (const socket of this.#sockets) socket.close();
    return inTime(this.engine.close(), "the engine to close", 10_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #news(): News {
    return { peers: () => undefined, trouble: (reason) => this.troubles.push(reason) };
  }
}

/** Collects messages; its reader can be made to wait. */
export class Collected {
  readonly messages: Uint8Array[][] = [];
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;

  static from(socket: ReadingSocket): Collected {
    const collected = new Collected();
    void socket.receive((frames) => collected.#take(frames));
    return collected;
  }

  /** Says "no more" after the next message, until `go`. */
  stop(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  go(): void {
    this.#gate = undefined;
    this.#open();
  }

  get texts(): readonly string[] {
    return this.messages.map((frames) => frames.map((frame) => Buffer.from(frame).toString()).join("|"));
  }

  async until(count: number): Promise<void> {
    await until(() => this.messages.length >= count, `${count} messages, ${this.messages.length} came`, 10_000);
  }

  #take(frames: readonly Uint8Array[]): void | Promise<void> {
    this.messages.push([...frames]);
    return this.#gate;
  }
}

/** Sends a message as soon as there is room. */
export async function send(socket: WritingSocket, ...frames: (string | Uint8Array)[]): Promise<void> {
  const bytes = frames.map((frame) => (typeof frame === "string" ? Buffer.from(frame) : frame));
  if (!socket.take(bytes) && !(await socket.takeLater(bytes))) throw new Error("was not sent");
}

/** Collects subscriptions as `+topic` and `-topic`. */
export function heardBy(socket: WritingSocket, more?: Heard): string[] {
  const heard: string[] = [];
  socket.subscriptions((prefix, isWanted, joiner) => {
    heard.push(`${isWanted ? "+" : "-"}${Buffer.from(prefix).toString()}`);
    more?.(prefix, isWanted, joiner);
  });
  return heard;
}
