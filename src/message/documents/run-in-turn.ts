import { randomUUID } from "node:crypto";
import type { Decoded } from "../codec.ts";
import { Event } from "../event.ts";
import type { Payload } from "../message.ts";
import { Start } from "../start.ts";
import { Stop } from "../stop.ts";
import type { Document } from "./document-reader.ts";

/**
 * Knows to which run the messages of one source belong where they do not say it themselves: to the run that was started
 * last. Whoever joins in the middle gets a run of a made-up id, until its Stop comes or the next Start.
 */
export class RunInTurn {
  #open: string | undefined;
  /** True when what is open ends with the next Start, whether or not a Stop came: nothing else can belong to it. */
  #endsAtNextStart = false;
  readonly #oneAtATime: boolean;

  /** With `oneAtATime` a Start always ends the run before it; otherwise only a run whose events did not name it. */
  constructor(options: { readonly oneAtATime: boolean }) {
    this.#oneAtATime = options.oneAtATime;
  }

  /** Opens a run; another one before it is given up where no Stop can come any more. */
  start(data: Document, own: string | undefined): readonly Decoded[] {
    const run = own ?? randomUUID();
    const before = this.#endsAtNextStart && this.#open !== run ? this.#open : undefined;
    this.#open = run;
    this.#endsAtNextStart = this.#oneAtATime;
    const started = { message: new Start(data, { run }) };
    return before === undefined
      ? [started]
      : [{ message: new Stop({}, { run: before, reason: "abandoned" }) }, started];
  }

  /** Gives the run of an event. */
  event(own: string | undefined): string {
    if (own === undefined) {
      this.#open ??= randomUUID();
      this.#endsAtNextStart = true;
      return this.#open;
    }
    this.#open ??= own;
    return own;
  }

  /** Ends a run. */
  stop(data: Document, own: string | undefined): readonly Decoded[] {
    const run = own ?? this.#open ?? randomUUID();
    if (run === this.#open) {
      this.#open = undefined;
      this.#endsAtNextStart = false;
    }
    return [{ message: new Stop(data, { run }) }];
  }
}

/** Puts an event together. */
export function decodedEvent(
  metadata: Document,
  payload: Payload,
  facts: {
    readonly run: string | undefined;
    readonly sequence?: number | undefined;
    readonly timeMs?: number | undefined;
    readonly control?: boolean;
  },
): Decoded {
  const { run, sequence, timeMs, control } = facts;
  const envelope = { ...(run !== undefined && { run }), ...(timeMs !== undefined && { timeMs }) };
  const message = new Event(metadata, payload, envelope);
  return { message, ...(sequence !== undefined && { sequence }), ...(control === true && { control }) };
}

/** Is the payload of an event without an array. */
export const NO_PAYLOAD: Uint8Array = new Uint8Array(0);
