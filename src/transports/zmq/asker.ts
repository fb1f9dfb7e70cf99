import { Backoff } from "../../time/backoff.ts";
import type { AskingSocket, Into, News, ReadingSocket } from "./socket.ts";

/** Says how a dialogue is held. */
export interface AskerOptions {
  readonly question: Uint8Array;
  /** How long an answer is waited for; 0: any time. */
  readonly timeoutMs: number;
  readonly news: News;
  /** Makes a socket, before the first question and after each that nobody answered. */
  readonly make: (news: News) => Promise<AskingSocket>;
  /** Tells whether what was handed over last was no message. */
  readonly wasRejected: () => boolean;
  /** Hears of each question that nobody answered in time, or whose connection ended before. */
  readonly unanswered: (why: "late" | "gone") => void;
}

/**
 * Reads by asking (REQ): one question, its answer, and the next question only when that was taken, which is the
 * back-pressure. A question without an answer leaves a REQ stuck for good: it is asked again by a fresh one.
 */
export class Asker implements ReadingSocket {
  readonly #options: AskerOptions;
  readonly #backoff = new Backoff(Math.random);
  readonly #closing = new AbortController();
  #socket!: AskingSocket;
  /** Counts the sockets; what one that was given up still tells is of no interest. */
  #life = 0;
  #address = "";
  #peers = 0;
  /** Ends the wait for an answer whose connection is gone. */
  #gone: () => void = () => undefined;

  static async open(options: AskerOptions): Promise<Asker> {
    const asker = new Asker(options);
    await asker.#renew();
    return asker;
  }

  private constructor(options: AskerOptions) {
    this.#options = options;
  }

  get peers(): number {
    return this.#peers;
  }

  bind(address: string): Promise<string> {
    return this.#socket.bind(address);
  }

  connect(address: string): void {
    this.#address = address;
    this.#socket.connect(address);
  }

  subscribe(): void {}

  async receive(into: Into): Promise<void> {
    const { question, timeoutMs, wasRejected } = this.#options;
    while (!this.#isClosed) {
      const gone = new Promise<"gone">((resolve) => {
        this.#gone = () => resolve("gone");
      });
      const answer = await Promise.race([this.#socket.ask([question], timeoutMs), gone]);
      if (this.#isClosed) return;
      if (answer === undefined || answer === "gone") {
        await this.#afresh(answer ?? "late");
        continue;
      }
      const taken = into(answer);
      const isBad = wasRejected();
      if (!isBad) this.#backoff.reset();
      // Who answers with anything but messages is not asked as fast as he answers.
      await Promise.all([taken, isBad ? this.#pause() : undefined]);
    }
  }

  close(): void {
    this.#closing.abort();
    this.#socket.close();
    this.#gone();
  }

  #heard(peers: number): void {
    const before = this.#peers;
    this.#peers = peers;
    this.#options.news.peers(peers);
    if (before > 0 && peers === 0) this.#gone();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #afresh(why: "late" | "gone"): Promise<void> {
    this.#options.unanswered(why);
    this.#socket.close();
    this.#life += 1;
    if (this.#peers > 0) this.#heard(0);
    await this.#pause();
    if (this.#isClosed) return;
    await this.#renew();
    if (this.#isClosed) this.#socket.close();
    else this.#socket.connect(this.#address);
  }

  async #renew(): Promise<void> {
    const life = this.#life;
    this.#socket = await this.#options.make({
      peers: (count) => {
        if (life === this.#life) this.#heard(count);
      },
      trouble: (reason) => this.#options.news.trouble(reason),
    });
  }

  #pause(): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, this.#backoff.next());
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
    });
  }
}
