import { DeadLetterIds, type FailedStep, type LetterError, letterError } from "../dead-letters/dead-letter.ts";
import type { DeadLetterStore } from "../dead-letters/dead-letter-store.ts";
import { DeadLettersError, ProcessError, PublishError, RejectedError, text } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { nativeCodec } from "../message/native/native-codec.ts";
import type { Outgoing } from "../publisher/outgoing.ts";
import { Delivery, Together } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Ledger } from "../runs/ledger.ts";
import type { Clock } from "../time/clock.ts";
import { wait } from "../time/wait.ts";
import type { Then } from "./options.ts";

/** What the error policy is told by its block. */
export interface FaultsOptions {
  readonly block: string;
  readonly retries: number;
  /** What comes after the last try. */
  readonly resort: Then;
  readonly store: DeadLetterStore | undefined;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
  /** Takes secrets out of the texts of errors. */
  readonly redact: (text: string) => string;
}

/** Says whether a message is in the store, and what the block has to fail with once the message is settled. */
interface Burial {
  readonly dead: boolean;
  readonly trouble?: unknown;
}

const MAX_IN_A_ROW = 20;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
const MAX_REASON = 120;

/** Decides what becomes of a message after an error: one rule for decoding, processing and publishing. */
export class Faults {
  readonly #options: FaultsOptions;
  readonly #ids = new DeadLetterIds();
  #inARow = 0;
  #finishedBefore = 0;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Takes bytes that are no message. On a live transport anybody can send such bytes: they never fail the block. */
  decode(
    listener: Listener<AnyMessage>,
    frames: readonly Uint8Array[],
    error: RejectedError,
    settlement: Settlement | undefined,
  ): void | Promise<void> {
    const { ledger, resort, fail, block } = this.#options;
    ledger.base.rejected += 1;
    ledger.base.because(this.#reason("rejected", error.reason));
    if (resort === "dead-letter") return this.#decodeDead(listener, frames, error, settlement);
    if (resort === "skip" || listener.replay === "none") return settlement?.ack();
    fail(new ProcessError(`${block}: ${listener.constructor.name}`, error));
    return settlement?.nack("failed");
  }

  /** Takes an error of `process`; true to try again, after a wait. */
  async process(delivery: Delivery, listener: Listener<AnyMessage>, error: unknown, attempt: number): Promise<boolean> {
    const { block, ledger, resort, fail } = this.#options;
    const again = await this.#retry(attempt);
    if (again === true) return true;
    if (again === "stopped") delivery.conclude("stopped", "stopped");
    else if (error instanceof RejectedError && resort === "fail" && listener.replay === "none") {
      ledger.base.rejected += 1;
      delivery.conclude("dropped", this.#reason("rejected", error.reason));
    } else if (resort === "skip") delivery.conclude("failed", this.#reason("process", text(error)));
    else if (resort === "dead-letter") {
      const { dead, trouble } = await this.#bury(delivery, listener.codec.name, "process", error, attempt);
      delivery.conclude(dead ? "dead" : "refused", this.#reason("process", text(error)));
      if (trouble !== undefined) fail(trouble);
    } else {
      delivery.conclude("refused", this.#reason("process", text(error)));
      fail(error instanceof ProcessError ? error : new ProcessError(block, error));
    }
    return false;
  }

  /** Takes a message that a required publisher refused; true to try again, after a wait. */
  async publish(outgoing: Outgoing, publisher: string, error: unknown, attempt: number): Promise<boolean> {
    const { block, ledger, resort, fail, tell } = this.#options;
    const { owner } = outgoing;
    const again = await this.#retry(attempt);
    if (again === true) return true;
    const reason = this.#reason(publisher, text(error));
    if (again === "stopped") owner?.spoil("stopped", "stopped");
    else if (owner === undefined) {
      ledger.base.because(reason);
      tell("warning", { message: `${publisher} did not take a message: ${text(error)}` });
    } else if (resort === "skip") owner.spoil("failed", reason);
    else if (resort === "dead-letter") {
      const deliveries = owner instanceof Together ? owner.deliveries : owner instanceof Delivery ? [owner] : [];
      const burials: Burial[] = [];
      for (const delivery of deliveries) {
        burials.push(await this.#bury(delivery, nativeCodec.name, "publish", error, attempt));
      }
      owner.spoil(burials.every(({ dead }) => dead) ? "dead" : "refused", reason);
      const trouble = burials.find((one) => one.trouble !== undefined)?.trouble;
      if (trouble !== undefined) fail(trouble);
    } else {
      owner.spoil("refused", reason);
      fail(new PublishError(block, publisher, error));
    }
    return false;
  }

  /** Waits for the next try, where there is one; `stopped` when it comes to nothing because nobody waits any more. */
  async #retry(attempt: number): Promise<boolean | "stopped"> {
    const { retries, clock, signal } = this.#options;
    if (attempt > retries) return false;
    const ms = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
    return (await wait(clock, ms, signal)) ? true : "stopped";
  }

  async #decodeDead(
    listener: Listener<AnyMessage>,
    frames: readonly Uint8Array[],
    error: RejectedError,
    settlement: Settlement | undefined,
  ): Promise<void> {
    const { ledger, fail } = this.#options;
    ledger.base.received += 1;
    const { dead, trouble } = await this.#keep({
      frames,
      codec: listener.codec.name,
      step: "decode",
      error,
      attempt: 1,
    });
    if (dead) {
      ledger.base.dead += 1;
      await settlement?.ack();
    } else {
      ledger.base.failed += 1;
      await settlement?.nack("failed");
    }
    if (trouble !== undefined) fail(trouble);
  }

  /** Puts the message of a delivery into the store. */
  async #bury(delivery: Delivery, codec: string, step: FailedStep, error: unknown, attempt: number): Promise<Burial> {
    const { message, run } = delivery;
    const { origin } = message.envelope;
    const own = delivery.frames === undefined;
    let frames: readonly Uint8Array[];
    try {
      const wire = delivery.frames ?? nativeCodec.writer()(message as Message)[0];
      frames = wire ?? [];
    } catch (unwritable) {
      const what = `the message has no bytes that could be kept: ${text(unwritable)}`;
      const trouble = new DeadLettersError(`${this.#options.block}: ${text(error)}; ${what}`, { cause: error });
      return { dead: false, trouble };
    }
    return this.#keep({
      frames,
      codec: own ? nativeCodec.name : codec,
      step,
      error,
      attempt,
      ...(run === undefined ? {} : { run: run.id, stream: run.stream }),
      ...(origin === undefined ? {} : { origin }),
    });
  }

  async #keep(letter: {
    readonly frames: readonly Uint8Array[];
    readonly codec: string;
    readonly step: FailedStep;
    readonly error: unknown;
    readonly attempt: number;
  }): Promise<Burial> {
    const { store, block, clock, tell, ledger } = this.#options;
    const id = this.#ids.next(clock.now());
    try {
      await (store as DeadLetterStore).add({
        ...letter,
        id,
        block,
        timeMs: clock.now(),
        error: this.#described(letter.error),
      });
    } catch (error) {
      return { dead: false, trouble: error };
    }
    const reason = this.#options.redact(text(letter.error));
    tell("dead-letter", { id, step: letter.step, reason });
    const { finished } = ledger.counts();
    this.#inARow = finished === this.#finishedBefore ? this.#inARow + 1 : 1;
    this.#finishedBefore = finished;
    if (this.#inARow < MAX_IN_A_ROW) return { dead: true };
    const trouble = new DeadLettersError(
      `${block}: ${MAX_IN_A_ROW} messages in a row went into the dead letters, the last because: ${reason}; ` +
        "the fault is probably not in the messages",
      { cause: letter.error },
    );
    return { dead: true, trouble };
  }

  #described(error: unknown): LetterError {
    const { redact } = this.#options;
    const { message, stack, ...others } = letterError(error);
    return { ...others, message: redact(message), ...(stack !== undefined && { stack: redact(stack) }) };
  }

  #reason(step: string, message: string): string {
    const line = this.#options.redact(message).split("\n", 1)[0] as string;
    return `${step}: ${line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}...` : line}`;
  }
}
