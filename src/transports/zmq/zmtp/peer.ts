import type { Duplex } from "node:stream";
import { text } from "../../../errors.ts";
import { type Command, commandFrame, readCommand } from "./command.ts";
import type { Encoded } from "./encoder.ts";
import { FrameParser, type ParserLimits } from "./frame-parser.ts";
import { checkGreeting, GREETING_BYTES, greeting, readGreeting } from "./greeting.ts";
import { Handshake, mechanismOf, type PeerFacts, type Role, refusalFrame, type Step } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Refusal } from "./refusal.ts";

/** Says how a connection is led. */
export interface PeerSettings {
  readonly role: Role;
  readonly limits: ParserLimits;
  readonly heartbeatMs: number;
  /** How long a handshake may take, all of it. */
  readonly handshakeMs: number;
}

/** Hears what a connection brings. */
export interface PeerEvents {
  ready(peer: Peer): void;
  /** Takes a message; false asks to stop reading until `resume`. */
  message(peer: Peer, frames: Uint8Array[]): boolean;
  /** Takes a command that is not about the connection itself. */
  command(peer: Peer, command: Command): void;
  /** Hears the end; `reason` says what was wrong, undefined where nothing was. */
  closed(peer: Peer, reason: string | undefined): void;
  /** Hears that what was written has left. */
  drained(peer: Peer): void;
}

type State = "greeting" | "handshake" | "ready" | "closed";

/** Is one connection to one other socket, from the greeting to the end. */
export class Peer {
  readonly #stream: Duplex;
  readonly #events: PeerEvents;
  readonly #parser: FrameParser;
  readonly #handshake: Handshake;
  readonly #heartbeat: Heartbeat;
  readonly #greeting = new Uint8Array(GREETING_BYTES);
  #greetingLength = 0;
  #state: State = "greeting";
  #facts: PeerFacts | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Greets at once; the bytes that come are given to `feed` by whoever reads the stream. */
  constructor(stream: Duplex, settings: PeerSettings, events: PeerEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#handshake = new Handshake(settings.role);
    this.#parser = new FrameParser(settings.limits, {
      message: (frames) => this.#message(frames),
      command: (body) => this.#command(body),
    });
    this.#heartbeat = new Heartbeat(settings.heartbeatMs, {
      send: (frame) => void this.#stream.write(frame),
      silent: () => this.close("was silent for too long"),
    });
    this.#timer = setTimeout(() => this.close("did not finish the handshake in time"), settings.handshakeMs);
    stream.on("close", () => this.close());
    stream.on("error", (error) => this.close(this.#state === "ready" ? undefined : text(error)));
    stream.on("drain", () => this.#events.drained(this));
    stream.write(greeting(mechanismOf(settings.role), settings.role.isServer));
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** True between `message` answering false and `resume`. */
  get isStopped(): boolean {
    return this.#parser.stopped;
  }

  /** What the handshake said; undefined before its end. */
  get facts(): PeerFacts | undefined {
    return this.#facts;
  }

  /** Bytes that were written and have not left. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  /** Space for the rest of a large frame, to be read into. */
  get target(): Uint8Array | undefined {
    return this.#state === "ready" ? this.#parser.target : undefined;
  }

  /** Notes that so many bytes were read into `target`. */
  filled(bytes: number): void {
    this.#guarded(() => {
      this.#heartbeat.heard();
      this.#parser.filled(bytes);
    });
  }

  /** Takes bytes that came. Nothing that they cause is thrown: a broken peer is disconnected. */
  feed(chunk: Uint8Array): void {
    this.#guarded(() => {
      this.#heartbeat.heard();
      if (this.#state === "greeting") this.#greet(chunk);
      else if (this.#state !== "closed") this.#parser.feed(chunk);
      if (this.#parser.stopped) this.#pause();
    });
  }

  /** Goes on reading after `message` answered false. */
  resume(): void {
    if (this.#state === "closed") return;
    this.#guarded(() => {
      this.#parser.resume();
      if (this.#parser.stopped) return;
      this.#heartbeat.resumed();
      this.#stream.resume();
    });
  }

  write({ parts }: Pick<Encoded, "parts">): void {
    if (this.#state !== "ready") return;
    if (parts.length === 1) {
      this.#stream.write(parts[0] as Uint8Array);
      return;
    }
    this.#stream.cork();
    for (let index = 0; index < parts.length; index += 1) this.#stream.write(parts[index] as Uint8Array);
    this.#stream.uncork();
  }

  command(name: string, data: Uint8Array): void {
    if (this.#state === "ready") this.#stream.write(commandFrame(name, data));
  }

  /** Lets what was written leave, at most so long, then closes; tells whether all has left. */
  async end(lingerMs: number): Promise<boolean> {
    if (this.#state === "ready" && lingerMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lingerMs);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        // Both sides end the stream in turn: what is in it arrives before its end does.
        this.#stream.end(done);
        this.#stream.once("close", done);
      });
    }
    const hasLeft = this.#stream.writableLength === 0;
    this.close();
    return hasLeft;
  }

  close(reason?: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#heartbeat.stop();
    this.#stream.destroy();
    this.#events.closed(this, reason);
  }

  #guarded(work: () => void): void {
    if (this.#state === "closed") return;
    try {
      work();
    } catch (error) {
      if (error instanceof Refusal && error.told !== undefined) this.#stream.write(refusalFrame(error.told));
      this.close(text(error));
    }
  }

  #greet(chunk: Uint8Array): void {
    const taken = Math.min(GREETING_BYTES - this.#greetingLength, chunk.length);
    this.#greeting.set(chunk.subarray(0, taken), this.#greetingLength);
    this.#greetingLength += taken;
    checkGreeting(this.#greeting, this.#greetingLength);
    if (this.#greetingLength < GREETING_BYTES) return;
    this.#state = "handshake";
    this.#step(this.#handshake.greeted(readGreeting(this.#greeting)));
    if (taken < chunk.length) this.#parser.feed(chunk.subarray(taken));
  }

  #step({ send, ready }: Step): void {
    if (send !== undefined) this.#stream.write(send);
    if (ready === undefined) return;
    clearTimeout(this.#timer);
    this.#facts = ready;
    this.#state = "ready";
    this.#heartbeat.start();
    this.#events.ready(this);
  }

  #message(frames: Uint8Array[]): boolean {
    if (this.#state !== "ready") throw new Refusal("sent a message before the end of the handshake");
    return this.#events.message(this, frames);
  }

  #command(body: Uint8Array): void {
    const command = readCommand(body);
    if (command === undefined) return;
    if (this.#state === "handshake") this.#step(this.#handshake.take(command));
    else if (!this.#heartbeat.take(command)) this.#events.command(this, command);
  }

  #pause(): void {
    this.#stream.pause();
    this.#heartbeat.paused();
  }
}
