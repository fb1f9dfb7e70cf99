import { text } from "../../errors.ts";
import type { Listener } from "../../listener/listener.ts";
import type { AnyMessage } from "../../message/message.ts";
import { RecordingInlet } from "./recording-inlet.ts";
import { assertSameMessages } from "./same-messages.ts";
import { inTime, until } from "./until.ts";

/** Says how an attempt to read came to its end. */
export type Ending = { readonly how: "ended" } | { readonly how: "failed"; readonly error: unknown };

/** Runs one attempt of a listener against a recording inlet. */
export class Attempt implements AsyncDisposable {
  readonly inlet: RecordingInlet;
  readonly #patienceMs: number;
  readonly #stop = new AbortController();
  readonly #ended: Promise<Ending>;
  #ending: Ending | undefined;

  constructor(listener: Listener<AnyMessage>, patienceMs: number, inlet?: RecordingInlet) {
    this.inlet = inlet ?? new RecordingInlet(listener.codec);
    this.#patienceMs = patienceMs;
    this.#ended = this.#run(listener);
  }

  /** How it ended; undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Resolves when the listener said that it is ready. */
  async ready(): Promise<void> {
    await this.until(() => this.inlet.readyAt.length > 0, "the listener to say that it is ready");
  }

  /** Resolves when so many messages have come, and fails unless they are these. */
  async expect(expected: readonly AnyMessage[]): Promise<void> {
    await this.until(() => this.inlet.taken.length >= expected.length, `${expected.length} messages`);
    assertSameMessages(this.inlet.messages, expected);
  }

  /** Resolves when the condition holds; fails when the attempt failed before. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const failed = (): boolean => this.#ending?.how === "failed";
    const got = (): string => `${this.inlet.taken.length} messages had come, ${this.inlet.rejections.length} rejected`;
    try {
      await until(() => condition() || failed(), what, this.#patienceMs);
    } catch (error) {
      throw new Error(`${text(error)}; ${got()}`, { cause: error });
    }
    if (!condition() && this.#ending?.how === "failed") throw this.#ending.error;
  }

  /** Resolves when `start` returned or threw. */
  ended(what = "start to return"): Promise<Ending> {
    return inTime(this.#ended, what, this.#patienceMs);
  }

  /** Aborts, and resolves when `start` returned or threw; what still waits to be taken keeps waiting. */
  abort(): Promise<Ending> {
    this.#stop.abort();
    return this.ended("start to return after its signal was aborted");
  }

  /** Does not judge: an error here would hide what went wrong before, and cases of their own look at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.inlet.open();
    await this.ended().catch(() => undefined);
  }

  async #run(listener: Listener<AnyMessage>): Promise<Ending> {
    try {
      await listener.start(this.inlet, this.#stop.signal);
      this.#ending = { how: "ended" };
    } catch (error) {
      // An error after the abort is the end of the source.
      this.#ending = this.#stop.signal.aborted ? { how: "ended" } : { how: "failed", error };
    }
    return this.#ending;
  }
}
