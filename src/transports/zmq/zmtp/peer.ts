import type { Duplex } from "node:stream";
import { text } from "../../../errors.ts";
import { type Command, commandFrame, readCommand } from "./command.ts";
import type { Encoded } from "./encoder.ts";
import { FrameParser, type ParserLimits } from "./frame-parser.ts";
import type { FramePool } from "./frame-pool.ts";
import { checkGreeting, GREETING_BYTES, readGreeting, SIGNATURE_BYTES } from "./greeting.ts";
import { greetingOf, Handshake, type PeerFacts, partnersOf, type Role, refusalFrame, type Step } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { OutQueue, type Unsent } from "./out-queue.ts";
import { Refusal } from "./refusal.ts";

/** Says how a connection is led. */
export interface PeerSettings {
  readonly role: Role;
  readonly limits: ParserLimits;
  readonly heartbeatMs: number;
  /** How long a handshake may take, all of it. */
  readonly handshakeMs: number;
  /** Where the memory of large frames comes from; absent: from nowhere, and nobody gives it back. */
  readonly pool?: FramePool | undefined;
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

type State = "greeting" | "handshake" | "ready" | "ending" | "closed";

/** How long the other side may take to end after we have, at most; what it still sends is thrown away. */
const OTHER_END_MS = 1000;

/** Is one connection to one other socket, from the greeting to the end. */
export class Peer {
  readonly #stream: Duplex;
  readonly #events: PeerEvents;
  readonly #parser: FrameParser;
  readonly #handshake: Handshake;
  readonly #heartbeat: Heartbeat;
  readonly #out: OutQueue;
  readonly #role: Role;
  readonly #greeting = new Uint8Array(GREETING_BYTES);
  #greetingLength = 0;
  #state: State = "greeting";
  #facts: PeerFacts | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Reads so far, and as many as there were when it was last asked for a stall. */
  #reads = 0;
  #readsBefore = 0;
  #ended: ((hasLeft: boolean) => void) | undefined;
  #hasLeft = false;

  /** Greets at once; the bytes that come are given to `feed` by whoever reads the stream. */
  constructor(stream: Duplex, settings: PeerSettings, events: PeerEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#role = settings.role;
    this.#handshake = new Handshake(settings.role);
    this.#out = new OutQueue(stream, () => this.#drained());
    const cut = {
      message: (frames: Uint8Array[]) => events.message(this, frames),
      command: (body: Uint8Array) => this.#command(body),
    };
    this.#parser = new FrameParser(settings.limits, cut, settings.pool);
    this.#heartbeat = new Heartbeat(settings.heartbeatMs, {
      send: (frame) => this.#state === "ready" && this.#out.control(frame),
      silent: () => this.close("was silent for too long"),
    });
    this.#timer = setTimeout(() => this.#handshakeEnds(), settings.handshakeMs);
    stream.on("close", () => this.close(this.#whyEarly));
    stream.on("error", () => this.close(this.#whyEarly));
    this.#out.control(greetingOf(settings.role));
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** What the handshake said; undefined before its end. */
  get facts(): PeerFacts | undefined {
    return this.#facts;
  }

  /** Bytes that were written and have not left. */
  get queuedBytes(): number {
    return this.#out.bytes;
  }

  /** Messages that were written and have not left. */
  get queuedMessages(): number {
    return this.#out.messages;
  }

  /** Space for the rest of a large frame, to be read into. */
  get target(): Uint8Array | undefined {
    return this.#state === "ready" ? this.#parser.target : undefined;
  }

  /** Notes that so many bytes were read into `target`. */
  filled(bytes: number): void {
    if (this.#state !== "ready") return;
    this.#reads += 1;
    this.#heartbeat.heard();
    try {
      this.#parser.filled(bytes);
    } catch (error) {
      this.#refuse(error);
    }
    if (this.#parser.stopped) this.#pause();
  }

  /** Takes bytes that came. Nothing that they cause is thrown: a broken peer is disconnected. */
  feed(chunk: Uint8Array): void {
    if (this.#state === "closed" || this.#state === "ending") return;
    this.#reads += 1;
    this.#heartbeat.heard();
    try {
      if (this.#state === "greeting") this.#greet(chunk);
      else this.#parser.feed(chunk);
    } catch (error) {
      this.#refuse(error);
    }
    if (this.#parser.stopped) this.#pause();
  }

  /** Goes on after `message` answered false; after the end, with what had come before it. */
  resume(): void {
    try {
      this.#parser.resume();
    } catch (error) {
      this.#refuse(error);
    }
    if (this.#parser.stopped || this.#state !== "ready") return;
    this.#heartbeat.resumed();
    this.#stream.resume();
  }

  write(encoded: Encoded): void {
    if (this.#state === "ready") this.#out.add(encoded);
  }

  command(name: string, data: Uint8Array): void {
    if (this.#state === "ready") this.#out.control(commandFrame(name, data));
  }

  /** Gives what was written and did not leave, of a connection that has ended. */
  unsent(): Unsent {
    return this.#out.unsent();
  }

  /** Looks for a stall: nothing came of an unfinished message between two calls. */
  watch(): void {
    const before = this.#readsBefore;
    this.#readsBefore = this.#reads;
    const isStalled = (): boolean =>
      this.#state === "ready" && this.#reads === before && this.#parser.isUnfinished && !this.#parser.stopped;
    // After a long computation timers run before what came meanwhile is read: look again when it was.
    if (isStalled()) setImmediate(() => isStalled() && this.close("stopped in the middle of a message"));
  }

  /** Lets what was written leave, at most so long, then closes; tells whether all has left. */
  end(lingerMs: number): Promise<boolean> {
    if (this.#state !== "ready" || lingerMs === 0) {
      const hasLeft = this.#out.bytes === 0;
      this.close();
      return Promise.resolve(hasLeft);
    }
    this.#state = "ending";
    this.#heartbeat.stop();
    this.#timer = setTimeout(() => this.close(), lingerMs);
    // Unread bytes at the close would make the system throw away what is still on its way to the other side.
    this.#stream.resume();
    return new Promise((resolve) => {
      this.#ended = resolve;
      if (this.#out.bytes === 0) this.#endStream();
    });
  }

  close(reason?: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#heartbeat.stop();
    this.#stream.destroy();
    this.#ended?.(this.#hasLeft);
    this.#events.closed(this, reason);
  }

  /** libzmq refuses without a word: what may be wrong when it ends early. Who goes away later is no trouble. */
  get #whyEarly(): string | undefined {
    if (this.#state === "greeting" && this.#greetingLength >= SIGNATURE_BYTES) {
      return "ended in the greeting; perhaps one side uses CURVE or PLAIN, the other does not";
    }
    if (this.#state !== "handshake") return undefined;
    return `ended before the handshake was over; ${partnersOf(this.#role)}, and both need the same security`;
  }

  #drained(): void {
    if (this.#state === "ending") this.#endStream();
    else if (this.#state === "ready") this.#events.drained(this);
  }

  /** Both sides end in turn, so that neither cuts off what is still on its way. */
  #endStream(): void {
    this.#stream.end((error?: Error | null) => {
      if (this.#state !== "ending" || (error ?? undefined) !== undefined) return;
      this.#hasLeft = true;
      setTimeout(() => this.close(), OTHER_END_MS).unref();
    });
  }

  /** After a long computation timers run before what came meanwhile is read: look again when it was. */
  #handshakeEnds(): void {
    setImmediate(() => {
      if (this.#facts === undefined) this.close("did not finish the handshake in time");
    });
  }

  #refuse(error: unknown): void {
    if (this.#state === "closed") return;
    if (!(error instanceof Refusal) || error.told === undefined) {
      this.close(text(error));
      return;
    }
    this.#stream.end(refusalFrame(error.told, this.#role));
    this.close(text(error));
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
    if (send !== undefined) this.#out.control(send);
    if (ready === undefined) return;
    clearTimeout(this.#timer);
    this.#facts = ready;
    this.#state = "ready";
    this.#parser.open();
    this.#heartbeat.start();
    this.#events.ready(this);
  }

  #command(body: Uint8Array): void {
    const command = readCommand(body);
    if (command === undefined) return;
    if (this.#state === "handshake") this.#step(this.#handshake.take(command));
    else if (this.#state === "ready" && !this.#heartbeat.take(command)) this.#events.command(this, command);
  }

  #pause(): void {
    if (this.#state !== "ready") return;
    this.#stream.pause();
    this.#heartbeat.paused();
  }
}
