import { randomUUID } from "node:crypto";
import type { ConsumeMessage, Options } from "amqplib";
import { type ArroyoError, ConnectionError } from "../../errors.ts";
import { untilAborted } from "../../time/wait.ts";
import { takeAlways } from "./client-insides.ts";
import type { Link, OpenChannel } from "./link.ts";
import type { Prefetch } from "./prefetch.ts";

/** What consuming is told by its listener. */
export interface ConsumingOptions {
  readonly subject: string;
  readonly link: Link;
  readonly open: OpenChannel;
  readonly queue: string;
  readonly prefetch: Prefetch;
  /** How many bytes may wait here before nothing more is read from the connection. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Whether what came and was not put is given back: a stream goes by positions, and refuses it. */
  readonly givesBack: boolean;
  /** Gives the options of a consumer that begins now. */
  consume(): Options.Consume;
  /** How many deliveries were taken and are not acknowledged. */
  kept(): number;
  put(message: ConsumeMessage): void | Promise<void>;
  /** Looks at what comes, before it waits to be put; false: it was here before. */
  isNew?(message: ConsumeMessage): boolean;
  /** Is told when nothing waits any more. */
  idle(): void;
  warn(message: string): void;
}

/** What a delivery costs beside its bytes. */
const OVERHEAD_BYTES = 256;
/** All that was sent is kept for so long: then the broker has to send more, or both wait for ever. */
const STARVED_MS = 50;
/** Who is asked and says nothing for so long is gone, though the connection stands. */
const SILENCE_MS = 20_000;
/** Who does not answer to a good-bye is cut off. */
const CANCEL_MS = 2_000;

/** Consumes a queue: puts what comes, one put at a time, and lets the broker send ahead as much as memory allows. */
export class Consuming {
  readonly #options: ConsumingOptions;
  #tag = "";
  #waiting: (ConsumeMessage | undefined)[] = [];
  #at = 0;
  #waitingBytes = 0;
  #isPumping = false;
  #changing: Promise<void> | undefined;
  #isOver = false;
  #hasWarned = false;
  #starved: NodeJS.Timeout | undefined;
  #fail: (error: unknown) => void = () => undefined;
  readonly #failed: Promise<never>;

  constructor(options: ConsumingOptions) {
    this.#options = options;
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => undefined);
  }

  /** Lets the broker begin to send. */
  async begin(): Promise<void> {
    const { link, open, signal } = this.#options;
    let late = setTimeout(() => link.cut(), SILENCE_MS);
    // What came at once may be finished already, and is to be acknowledged: the connection is not cut at once.
    const stop = (): void => {
      clearTimeout(late);
      late = setTimeout(() => link.cut(), CANCEL_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.race([this.#consume(), open.lost.then((error) => Promise.reject(error))]);
    } catch (error) {
      throw link.error(error);
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Puts until the signal aborts; throws when the channel is lost. */
  async run(): Promise<void> {
    const { signal, open } = this.#options;
    const lost = open.lost.then((error): never => {
      throw error;
    });
    try {
      await untilAborted(Promise.race([lost, this.#failed]), signal);
    } finally {
      this.#isOver = true;
      clearTimeout(this.#starved);
      lost.catch(() => undefined);
    }
  }

  /** Ends the consumer, so that nothing more comes, and gives back what came and was not put. */
  async cancel(): Promise<void> {
    const { open, link } = this.#options;
    link.valve.open();
    const waiting = this.#waiting.slice(this.#at);
    this.#waiting = [];
    this.#at = 0;
    if (open.isClosed) return;
    const late = setTimeout(() => link.cut(), CANCEL_MS);
    try {
      await this.#changing;
      await Promise.race([open.channel.cancel(this.#tag), open.lost]);
      for (const message of waiting) if (message !== undefined) this.#giveBack(message);
    } catch {
      // The channel went meanwhile, and its consumer with it.
    } finally {
      clearTimeout(late);
    }
  }

  /** Looks whether more has to be sent, after something was taken or acknowledged. */
  look(): void {
    const { prefetch, kept } = this.#options;
    if (!this.#isOver && this.#changing === undefined && prefetch.isTooMuch(kept())) this.#change();
    const isStarved = (): boolean =>
      !this.#isOver &&
      !this.#isPumping &&
      this.#changing === undefined &&
      kept() >= prefetch.count &&
      this.#waitingCount === 0;
    if (this.#starved !== undefined || !isStarved()) return;
    this.#starved = setTimeout(() => {
      this.#starved = undefined;
      if (!isStarved()) return;
      if (prefetch.starved(kept())) this.#change();
      else if (!this.#hasWarned) {
        this.#hasWarned = true;
        this.#options.warn(
          `${kept()} messages are in work, and a broker gives no more without an acknowledgement; let the operator ` +
            "release earlier what it holds",
        );
      }
    }, STARVED_MS).unref();
  }

  get #waitingCount(): number {
    return this.#waiting.length - this.#at;
  }

  async #consume(): Promise<void> {
    const { open, queue, prefetch, consume } = this.#options;
    // Of one channel requests are answered in order: no delivery can come between the two.
    await open.channel.prefetch(prefetch.next(this.#options.kept()), false);
    const tag = `arroyo.${randomUUID()}`;
    const take = (message: ConsumeMessage | null): void => this.#came(message);
    takeAlways(open.channel, tag, take);
    await open.channel.consume(queue, take, { ...consume(), consumerTag: tag });
    this.#tag = tag;
  }

  /** Begins to consume anew, behind what came so far: the count of a consumer can't be changed. */
  #change(): void {
    if (this.#changing !== undefined || this.#isOver) return;
    this.#changing = this.#changed()
      .catch((error: unknown) => this.#fail(this.#options.link.error(error)))
      .finally(() => {
        this.#changing = undefined;
        this.look();
      });
  }

  async #changed(): Promise<void> {
    const { channel } = this.#options.open;
    await channel.cancel(this.#tag);
    if (!this.#isOver) await this.#consume();
  }

  #giveBack(message: ConsumeMessage): void {
    if (!this.#options.givesBack) return;
    try {
      this.#options.open.channel.nack(message, false, true);
    } catch {
      // The channel is closing, which gives back everything.
    }
  }

  #came(message: ConsumeMessage | null): void {
    const { prefetch, link, maxBytes, subject, queue } = this.#options;
    if (this.#isOver) {
      // Before the cancel is answered some may still come.
      if (message !== null) this.#giveBack(message);
      return;
    }
    if (message === null) {
      const error: ArroyoError = new ConnectionError(`${subject}: ${queue} was deleted, or its node went down`);
      this.#fail(error);
      return;
    }
    if (this.#options.isNew?.(message) === false) return;
    const bytes = message.content.length + OVERHEAD_BYTES;
    this.#waiting.push(message);
    this.#waitingBytes += bytes;
    if (prefetch.came(bytes)) this.#change();
    if (!this.#isPumping) this.#pump();
    if (this.#waitingBytes > 2 * maxBytes + bytes) link.valve.close();
  }

  /** Puts what waits until one has to wait for room. */
  #pump(): void {
    const { put, signal, link, maxBytes } = this.#options;
    this.#isPumping = true;
    try {
      while (this.#at < this.#waiting.length && !signal.aborted && !this.#isOver) {
        const message = this.#waiting[this.#at] as ConsumeMessage;
        this.#waiting[this.#at] = undefined;
        this.#at += 1;
        this.#waitingBytes -= message.content.length + OVERHEAD_BYTES;
        const wait = put(message);
        if (this.#waitingBytes <= maxBytes) link.valve.open();
        if (wait === undefined) continue;
        this.#forget();
        wait.then(
          () => this.#pump(),
          (error: unknown) => this.#fail(error),
        );
        return;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#waiting = [];
    this.#at = 0;
    this.#isPumping = false;
    this.#options.idle();
    this.look();
  }

  /** Lets go of what was put. */
  #forget(): void {
    if (this.#at < 1024 && this.#at < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#at);
    this.#at = 0;
  }
}
