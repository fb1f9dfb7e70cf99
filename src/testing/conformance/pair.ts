import type { AnyMessage } from "../../message/message.ts";
import type { Publisher } from "../../publisher/publisher.ts";
import { Attempt } from "./attempt.ts";
import type { PublisherTarget } from "./publisher-target.ts";
import { plain } from "./same-messages.ts";
import { inTime } from "./until.ts";

/** Holds an open publisher and somebody who reads what it sends. */
export class Pair implements AsyncDisposable {
  readonly #target: PublisherTarget;
  readonly #publisher: Publisher<AnyMessage>;
  readonly #patienceMs: number;
  readonly #arrives: (message: AnyMessage) => AnyMessage;
  readonly #reader: Attempt;

  constructor(
    target: PublisherTarget,
    publisher: Publisher<AnyMessage>,
    patienceMs: number,
    arrives: (message: AnyMessage) => AnyMessage,
  ) {
    this.#target = target;
    this.#publisher = publisher;
    this.#patienceMs = patienceMs;
    this.#arrives = arrives;
    this.#reader = new Attempt(target.read(), patienceMs);
  }

  async open(): Promise<void> {
    const opening = (async () => this.#publisher.open(new AbortController().signal))();
    await inTime(opening, "open", this.#patienceMs);
    await this.#reader.ready();
    await this.#target.known?.(this.#publisher, 1);
  }

  /** Gives one more reader, once the publisher knows it. */
  async join(readers: number): Promise<Attempt> {
    const attempt = new Attempt(this.#target.read(), this.#patienceMs);
    await attempt.ready();
    await this.#target.known?.(this.#publisher, readers);
    return attempt;
  }

  async publish(message: AnyMessage): Promise<void> {
    await inTime(this.#publisher.publish(message), "publish", this.#patienceMs);
    this.#publisher.attempted("done");
  }

  async publishBatch(messages: readonly AnyMessage[]): Promise<void> {
    await inTime(this.#publisher.publishBatch(messages), "publishBatch", this.#patienceMs);
    this.#publisher.attempted("done");
  }

  async close(): Promise<void> {
    await inTime(this.#publisher.close(), "close", this.#patienceMs);
  }

  /** Resolves when so many messages have come, and fails unless they are these. */
  async expect(published: readonly AnyMessage[]): Promise<void> {
    await this.#reader.expect(published.map(this.#arrives));
  }

  /** Resolves when these have come, after whatever else. */
  async until(published: readonly AnyMessage[]): Promise<void> {
    const wanted = published.map((message) => JSON.stringify(plain(this.#arrives(message))));
    const came = (): boolean => {
      const last = this.#reader.inlet.messages.slice(-wanted.length).map((message) => JSON.stringify(seen(message)));
      return last.join() === wanted.join();
    };
    await this.#reader.until(came, "what was published after open");
  }

  /** Does not judge, as that of an attempt. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
    await this.#reader[Symbol.asyncDispose]();
  }
}

/** An event made in a case has no origin; one that arrives may have been given one. */
function seen(message: AnyMessage): Record<string, unknown> {
  const all = plain(message);
  delete all["origin"];
  return all;
}
