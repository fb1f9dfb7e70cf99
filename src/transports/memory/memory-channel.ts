import { inspect } from "node:util";
import { AbortedError, UsageError } from "../../errors.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import type { Exchange } from "./exchange.ts";
import { LiveExchange } from "./live-exchange.ts";
import { LogExchange } from "./log-exchange.ts";

/** Says what a channel does with messages: gives them to who reads now, or keeps them for who reads later. */
export type MemoryChannelMode = "live" | "log";

/** Configures a channel. */
export interface MemoryChannelOptions {
  /** `live`: every current reader gets every message. `log`: messages are kept, readers go on where they were. Default `live`. */
  readonly mode?: MemoryChannelMode;
  /** How many messages a log keeps; the oldest are trimmed. Default 100 000. */
  readonly maxMessages?: number;
  /** About how many bytes a log keeps; the newest message is always kept. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** What holds where an option is left out. */
export const MEMORY_CHANNEL_DEFAULTS: Required<MemoryChannelOptions> = Object.freeze({
  mode: "live",
  maxMessages: 100_000,
  maxBytes: 256 * 1024 * 1024,
});

/** Describes a channel as it is at one time. */
export interface MemoryChannelState {
  readonly mode: MemoryChannelMode;
  readonly publishers: number;
  readonly readers: number;
  readonly ended: boolean;
  /** What a log keeps: from `first` up to, not including, `next`. */
  readonly kept?: { readonly first: number; readonly next: number; readonly bytes: number };
  /** The position from which each group of a log goes on. */
  readonly committed?: Readonly<Record<string, number>>;
}

/**
 * Connects publishers and listeners within one process; messages are passed on as they are, without bytes.
 *
 * A channel ends when every publisher made for it was opened and closed again, or when `end` is called: its listeners
 * then get what is left, and their source has ended. So a chain of blocks ends one after the other. A publisher with
 * `endOnClose: false` does not count.
 */
export class MemoryChannel<M extends AnyMessage = Message> implements Disposable {
  /** Exists only for the compiler: what this channel carries. */
  declare readonly carries: M;
  readonly mode: MemoryChannelMode;
  readonly #exchange: Exchange;
  /** Publishers whose close the end waits for. */
  #awaited = 0;
  #publishers = 0;
  #ended = false;
  #endedForGood = false;
  readonly #watchers = new Set<() => void>();

  constructor(options: MemoryChannelOptions = {}) {
    const { mode, maxMessages, maxBytes } = { ...MEMORY_CHANNEL_DEFAULTS, ...options };
    if (mode !== "live" && mode !== "log") {
      throw new UsageError(`MemoryChannel: mode: expected "live" or "log", got ${JSON.stringify(mode)}`);
    }
    this.mode = mode;
    const bounds = { maxMessages: positive("maxMessages", maxMessages), maxBytes: positive("maxBytes", maxBytes) };
    const changed = (): void => {
      for (const watcher of [...this.#watchers]) watcher();
    };
    this.#exchange = mode === "live" ? new LiveExchange(changed) : new LogExchange(bounds, changed);
  }

  /** How the channel stands now. */
  get state(): MemoryChannelState {
    const exchange = this.#exchange;
    const common = {
      mode: this.mode,
      publishers: this.#publishers,
      readers: exchange.readers,
      ended: this.#ended,
    };
    if (!(exchange instanceof LogExchange)) return common;
    const { first, next, bytes } = exchange.log;
    const committed = Array.from(exchange.groups.values(), ({ name, committed = first }) => [name, committed] as const);
    return { ...common, kept: { first, next, bytes }, committed: Object.fromEntries(committed) };
  }

  /** Ends the channel for good: listeners get what is left, and no publisher can open it again. */
  end(): void {
    this.#endedForGood = true;
    this.#end();
  }

  /** Ends the channel for good and forgets what it keeps. */
  [Symbol.dispose](): void {
    this.end();
    this.#exchange.clear();
  }

  /** Resolves when so many listeners read. */
  async readers(count: number, signal: AbortSignal): Promise<void> {
    if (this.#exchange.readers >= count) return;
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void): void => {
        this.#watchers.delete(look);
        signal.removeEventListener("abort", aborted);
        settle();
      };
      const look = (): void => {
        if (this.#exchange.readers >= count) done(resolve);
      };
      const aborted = (): void => done(() => reject(new AbortedError(`memory channel: waiting for ${count} readers`)));
      if (signal.aborted) return aborted();
      this.#watchers.add(look);
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Gives what this transport's publishers and listeners use of a channel. */
  static ends(channel: MemoryChannel<AnyMessage>): MemoryChannelEnds {
    return {
      exchange: channel.#exchange,
      await: () => {
        channel.#awaited += 1;
      },
      opened: () => channel.#opened(),
      closed: (awaited) => channel.#closed(awaited),
    };
  }

  #opened(): void {
    if (this.#endedForGood) throw new UsageError("memory channel: was ended for good; make a new one");
    this.#publishers += 1;
    this.#ended = false;
    this.#exchange.resume();
  }

  #closed(awaited: boolean): void {
    this.#publishers -= 1;
    if (!awaited) return;
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#exchange.end();
  }
}

// Outside of the class, because a computed name other than Symbol's own cannot stand in an isolated declaration.
Object.defineProperty(MemoryChannel.prototype, inspect.custom, {
  value(this: MemoryChannel) {
    return { MemoryChannel: this.state };
  },
});

/** Is what a channel offers to the publishers and listeners of this transport. */
export interface MemoryChannelEnds {
  readonly exchange: Exchange;
  /** Says that there is a publisher whose close the end waits for. */
  await(): void;
  /** Says that a publisher opened. */
  opened(): void;
  /** Says that it closed; `awaited` where `await` was said before. */
  closed(awaited: boolean): void;
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`MemoryChannel: ${name}: expected a whole number above 0, got ${String(value)}`);
}
