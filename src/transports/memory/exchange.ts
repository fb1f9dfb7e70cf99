import type { Inlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { PassingWriter } from "./passing-writer.ts";

/** Says where a reader of a log begins. */
export type From = "committed" | "oldest" | "newest" | { readonly position: number };

/** Says what a reader wants. */
export interface ReadOptions {
  /** Beginnings of the topics whose events it wants; undefined for all. */
  readonly topics: readonly string[] | undefined;
  readonly group: string | undefined;
  readonly from: From;
}

/** Stands between the publishers and the listeners of a channel. */
export interface Exchange {
  /** How many listeners read. */
  readonly readers: number;
  /** Takes a message; a promise says that a reader has no room and resolves when there is some again. */
  accept(decoded: Decoded<AnyMessage>): void | Promise<void>;
  /** Takes what nobody waits for. */
  announce(decoded: Decoded<AnyMessage>): void;
  /** Lets a life of a publisher take part, whose open runs a late joiner is told. */
  join(writer: PassingWriter): void;
  /** Takes a life of a publisher out. */
  leave(writer: PassingWriter): void;
  /** Gives an inlet what comes, until the signal aborts or the channel ends. */
  read(inlet: Inlet<AnyMessage>, options: ReadOptions, signal: AbortSignal): Promise<void>;
  /** Ends the readers once they have all that was published, and lets nobody read more, until `resume`. */
  end(): void;
  /** Takes an end back. */
  resume(): void;
  /** Forgets what is kept. */
  clear(): void;
}
