import { type Command, commandFrame } from "./command.ts";

/** What a heartbeat does with the connection. */
export interface Connection {
  send(frame: Uint8Array): void;
  /** Nothing came for too long. */
  silent(): void;
}

/** So many intervals without a sign of life end a connection. */
const PATIENCE = 3;
const MAX_CONTEXT_BYTES = 16;
/** How often a PONG goes out unasked, at least: the other side may have asked behind what is not read, or give up soon. */
const UNASKED_MS = 300;
const NO_CONTEXT = new Uint8Array(0);

/**
 * Answers the other side's PINGs, and sends our own where that is asked for. While we do not read, the other side's PINGs
 * lie unread behind data: then PONGs go out unasked, or it would take us for dead and cut the connection.
 */
export class Heartbeat {
  readonly #everyMs: number;
  readonly #connection: Connection;
  #own: NodeJS.Timeout | undefined;
  #unasked: NodeJS.Timeout | undefined;
  #lastHeard = 0;
  #lastPing: number | undefined;
  /** How often the other side asks, as far as we saw, or how soon it gives up. */
  #theirMs: number | undefined;
  #isPaused = false;
  #answered = false;

  /** 0 sends no PINGs of our own. */
  constructor(everyMs: number, connection: Connection) {
    this.#everyMs = everyMs;
    this.#connection = connection;
  }

  start(): void {
    if (this.#everyMs === 0) return;
    this.heard();
    this.#own = setInterval(() => this.#beat(), this.#everyMs);
    this.#own.unref();
  }

  stop(): void {
    clearInterval(this.#own);
    clearInterval(this.#unasked);
  }

  heard(): void {
    if (this.#everyMs > 0) this.#lastHeard = performance.now();
  }

  /** Takes PING and PONG; false for any other command. */
  take({ name, data }: Command): boolean {
    if (name === "PONG") return true;
    if (name !== "PING") return false;
    this.#learn(data);
    if (this.#answered) return true;
    // One answer a turn is enough for any number of questions.
    this.#answered = true;
    setImmediate(() => {
      this.#answered = false;
    });
    this.#connection.send(commandFrame("PONG", data.subarray(2, 2 + MAX_CONTEXT_BYTES)));
    return true;
  }

  paused(): void {
    this.#isPaused = true;
    if (this.#unasked !== undefined) return;
    const pong = (): void => this.#connection.send(commandFrame("PONG", NO_CONTEXT));
    this.#unasked = setInterval(pong, Math.min(UNASKED_MS, Math.max(10, (this.#theirMs ?? UNASKED_MS) / PATIENCE)));
    this.#unasked.unref();
  }

  resumed(): void {
    this.#isPaused = false;
    this.heard();
    clearInterval(this.#unasked);
    this.#unasked = undefined;
  }

  #learn(data: Uint8Array): void {
    const now = performance.now();
    const ttlMs = (((data[0] ?? 0) << 8) | (data[1] ?? 0)) * 100;
    const known = [ttlMs > 0 ? ttlMs : undefined, this.#lastPing === undefined ? undefined : now - this.#lastPing];
    const shortest = Math.min(...known.filter((ms) => ms !== undefined), 30_000);
    this.#theirMs = Math.min(this.#theirMs ?? shortest, Math.max(shortest, 30));
    this.#lastPing = now;
  }

  #beat(): void {
    const limitMs = this.#everyMs * PATIENCE;
    const isSilent = (): boolean => !this.#isPaused && performance.now() - this.#lastHeard > limitMs;
    // After a long computation timers run before what came meanwhile is read: look again when it was.
    if (isSilent()) setImmediate(() => isSilent() && this.#connection.silent());
    const ttl = Math.min(65_535, Math.ceil(limitMs / 100));
    this.#connection.send(commandFrame("PING", Uint8Array.of(ttl >> 8, ttl & 255)));
  }
}
