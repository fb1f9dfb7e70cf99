import { UsageError } from "../../errors.ts";
import { type Inlet, Listener, platformInlet, type Replay } from "../../listener/listener.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import type { From } from "./exchange.ts";
import { MemoryChannel, type MemoryChannelEnds } from "./memory-channel.ts";

/** Configures a listener to a channel. */
export interface MemoryListenerOptions<M extends AnyMessage = Message> {
  readonly channel: MemoryChannel<M>;
  /** Beginnings of the topics whose events are wanted; Starts and Stops always come. Default: all. */
  readonly topics?: readonly string[];
  /** Logs only: under which name the channel remembers what was finished. Default: nothing is remembered. */
  readonly group?: string;
  /**
   * Logs only: where the first start begins; a later one goes on where the group is. `committed`: where the group is, or
   * at the oldest message. Default `committed`.
   */
  readonly from?: From;
}

/** Brings the messages of a channel of this process. */
export class MemoryListener<M extends AnyMessage = Message> extends Listener<M> {
  /** A log can give everything again that it keeps; a live channel nothing. */
  override readonly replay: Replay;
  readonly #ends: MemoryChannelEnds;
  readonly #topics: readonly string[] | undefined;
  readonly #group: string | undefined;
  #from: From;
  #reading = false;

  constructor(options: MemoryListenerOptions<M>) {
    super();
    const { channel, topics, group, from } = options;
    if (!(channel instanceof MemoryChannel)) throw new UsageError("MemoryListener: channel: expected a MemoryChannel");
    const given = group !== undefined ? "group" : from !== undefined ? "from" : undefined;
    if (channel.mode === "live" && given !== undefined) {
      throw new UsageError(
        `MemoryListener: ${given}: a live channel keeps nothing to go back to; leave it out, or make the channel with mode "log"`,
      );
    }
    this.replay = channel.mode === "log" ? "log" : "none";
    this.#ends = MemoryChannel.ends(channel as unknown as MemoryChannel<AnyMessage>);
    this.#topics = topics;
    this.#group = group;
    this.#from = checkedFrom(from ?? "committed");
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#reading) {
      throw new UsageError("MemoryListener: was started already; wait until start returns, or make another listener");
    }
    if (signal.aborted) return;
    this.#reading = true;
    try {
      if (this.#topics !== undefined) platformInlet(inlet)?.follow(this.#topics);
      const options = { topics: this.#topics, group: this.#group, from: this.#from };
      const read = this.#ends.exchange.read(inlet as Inlet<AnyMessage>, options, signal);
      if (this.#group !== undefined) this.#from = "committed";
      await read;
    } finally {
      this.#reading = false;
    }
  }
}

function checkedFrom(from: From): From {
  if (from === "committed" || from === "oldest" || from === "newest") return from;
  const position: unknown = (from as { position?: unknown } | null)?.position;
  if (typeof position === "number" && Number.isSafeInteger(position) && position >= 0) return from;
  throw new UsageError(
    `MemoryListener: from: expected "committed", "oldest", "newest" or { position }, got ${JSON.stringify(from)}`,
  );
}
