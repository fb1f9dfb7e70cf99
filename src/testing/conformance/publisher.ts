import assert from "node:assert/strict";
import { isRetryable } from "../../errors.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import type { Publisher } from "../../publisher/publisher.ts";
import { Attempt } from "./attempt.ts";
import { type Cannot, type ConformanceCase, conformanceCases, needed } from "./conformance-case.ts";
import { assertNoInputOutput } from "./no-io.ts";
import { oneOfEverything } from "./one-of-everything.ts";
import { Pair } from "./pair.ts";
import type { PublisherTarget } from "./publisher-target.ts";
import { plain } from "./same-messages.ts";
import { inTime, PATIENCE_MS } from "./until.ts";
import { withResource } from "./with-resource.ts";

export type { PublisherTarget } from "./publisher-target.ts";

/** Describes a publisher to its conformance suite. */
export interface PublisherSubject {
  readonly name: string;
  /** Whether the publisher claims that `publish` resolves only when the message is safe. */
  readonly confirms: boolean;
  /** Makes a fresh place to publish to; each case has its own. */
  target(): PublisherTarget | Promise<PublisherTarget>;
  /** Messages that the format can carry, a run with its Start and Stop among them; left out: one of everything. */
  readonly messages?: readonly AnyMessage[];
  /** Gives what arrives for a published message, where the format does not carry all of it. */
  arrives?(published: AnyMessage): AnyMessage;
  /** Cases that this publisher cannot do, by name, each with the reason. */
  readonly cannot?: Cannot;
  /** The longest wait for one condition, in milliseconds; default 5 000. */
  readonly patienceMs?: number;
}

/** Makes the cases that every publisher must pass. */
export function publisherSuite(subject: PublisherSubject): readonly ConformanceCase[] {
  const checks = new PublisherChecks(subject);
  const given = (body: (target: PublisherTarget) => Promise<void>) => () => checks.withTarget(body);
  const always = {
    "construction - does no I/O": given((target) => checks.construction(target)),
    "confirms - is what it claims": given((target) => checks.confirms(target)),
    "order - messages arrive as published, Start and Stop too, byte for byte": given((target) => checks.order(target)),
    "batch - publishBatch is publish, one after the other": given((target) => checks.batch(target)),
    "input - no message is changed in place": given((target) => checks.unchanged(target)),
    "large - 8 MB arrive byte for byte": given((target) => checks.large(target)),
    "close - may be called twice, and without open": given((target) => checks.closeTwice(target)),
    "close - publish is refused afterwards": given((target) => checks.refusedAfterClose(target)),
    "close - what was published before it arrives": given((target) => checks.closeFlushes(target)),
    "open - can be called again after close": given((target) => checks.openAgain(target)),
    "open - ends when its signal aborts": given((target) => checks.openAborted(target)),
    "connection - a lost one makes publish fail with a retryable error": given((target) => checks.cut(target)),
    "late joiner - gets the Starts of the open runs, resumed": given((target) => checks.lateJoiner(target)),
  };
  const confirming = {
    "confirms - what was published can be read afterwards": given((target) => checks.readAfterwards(target)),
  };
  return conformanceCases(subject.name, { ...always, ...(subject.confirms ? confirming : {}) }, subject.cannot);
}

/** Holds the bodies of the cases. */
class PublisherChecks {
  readonly #subject: PublisherSubject;
  readonly #patienceMs: number;
  #next = 0;

  constructor(subject: PublisherSubject) {
    this.#subject = subject;
    this.#patienceMs = subject.patienceMs ?? PATIENCE_MS;
  }

  withTarget(body: (target: PublisherTarget) => Promise<void>): Promise<void> {
    return withResource(this.#subject.target(), body);
  }

  async construction(target: PublisherTarget): Promise<void> {
    await assertNoInputOutput(() => target.make());
  }

  async confirms(target: PublisherTarget): Promise<void> {
    const { confirms } = target.make();
    assert.equal(confirms, this.#subject.confirms, `the publisher says confirms ${confirms}`);
  }

  async order(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const messages = this.#messages();
    for (const message of messages) await pair.publish(message);
    await pair.expect(messages);
  }

  async batch(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const messages = this.#messages();
    await pair.publishBatch([]);
    await pair.publishBatch(messages);
    await pair.publishBatch(messages.slice(0, 1));
    await pair.expect([...messages, ...messages.slice(0, 1)]);
  }

  async unchanged(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const messages = this.#messages();
    const before = messages.map(plain);
    for (const message of messages) await pair.publish(message);
    await pair.expect(messages);
    assert.deepStrictEqual(messages.map(plain), before, "publish changed a message or the bytes of one");
  }

  async large(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const payload = new Uint8Array(8 * 1024 * 1024);
    for (let at = 0; at < payload.length; at += 1) payload[at] = (at * 2_654_435_761) >>> 24;
    const messages = [new Event({ size: "large" }, payload), new Event({ size: "small" }, payload.subarray(0, 10))];
    for (const message of messages) await pair.publish(message);
    await pair.expect(messages);
  }

  async closeTwice(target: PublisherTarget): Promise<void> {
    await target.make().close();
    await using pair = await this.#pair(target);
    await pair.close();
    await pair.close();
  }

  async refusedAfterClose(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    await pair.publish(this.#event());
    await pair.close();
    const message = this.#event();
    await assert.rejects(async () => pair.publish(message), Error, "publish after close was not refused");
  }

  async closeFlushes(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const messages = Array.from({ length: 20 }, () => this.#event());
    await pair.publishBatch(messages);
    await pair.close();
    await pair.expect(messages);
  }

  async openAgain(target: PublisherTarget): Promise<void> {
    const publisher = target.make();
    publisher.begin("conformance");
    for (let round = 0; round < 3; round += 1) {
      await using pair = await this.#pairOf(target, publisher);
      const messages = [this.#event()];
      for (const message of messages) await pair.publish(message);
      await pair.until(messages);
      await pair.close();
    }
  }

  async openAborted(target: PublisherTarget): Promise<void> {
    const makeWaiting = needed(this.#subject.name, "makeWaiting()", target.makeWaiting?.bind(target));
    for (const aborted of ["before", "while"]) {
      const publisher = makeWaiting();
      publisher.begin("conformance");
      const stop = new AbortController();
      if (aborted === "before") stop.abort();
      const opening = (async () => publisher.open(stop.signal))();
      let opened = false;
      const outcome = opening.then(
        () => {
          opened = true;
        },
        () => {},
      );
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(opened, false, "open did not wait; the subject should make a publisher whose open waits");
      stop.abort();
      await inTime(outcome, `open to end, its signal being aborted ${aborted} it waits`, this.#patienceMs);
      assert.equal(opened, false, "open resolved as if it had succeeded, although its signal was aborted");
      await inTime(publisher.close(), "close after an aborted open", this.#patienceMs);
    }
  }

  async cut(target: PublisherTarget): Promise<void> {
    const cut = needed(this.#subject.name, "cut()", target.cut?.bind(target));
    await using pair = await this.#pair(target);
    await pair.publish(this.#event());
    await cut();
    const error = await inTime(this.#publishUntilRefused(pair), "publish to fail", this.#patienceMs);
    assert.ok(isRetryable(error), `the error of a lost connection is not retryable: ${String(error)}`);
  }

  async lateJoiner(target: PublisherTarget): Promise<void> {
    await using pair = await this.#pair(target);
    const [first, second] = [new Start({ scan: 1 }, { run: "open-1" }), new Start({ scan: 2 }, { run: "open-2" })];
    const ended = new Start({ scan: 3 }, { run: "ended" });
    const early = [first, ended, second, new Event({ n: 1 }, Uint8Array.of(1), { run: "open-1" })];
    for (const message of [...early, new Stop({}, { run: "ended" })]) await pair.publish(message);
    await using late = await pair.join(2);
    const event = new Event({ n: 2 }, Uint8Array.of(2), { run: "open-1" });
    await pair.publish(event);
    await late.until(() => late.inlet.messages.some((message) => message.type === "event"), "an event");
    const all = [...late.inlet.copies, ...late.inlet.taken].map(({ decoded }) => decoded.message);
    const starts = all.filter((message) => message.type === "start");
    const fromTheBeginning = starts.some(({ run }) => run === "ended");
    const open = starts.filter(({ run, resumed }) => run !== "ended" && (resumed || fromTheBeginning));
    assert.deepEqual(open.map(({ run }) => run).sort(), ["open-1", "open-2"], "the open runs that a late joiner knows");
  }

  async readAfterwards(target: PublisherTarget): Promise<void> {
    const publisher = target.make();
    publisher.begin("conformance");
    await publisher.open(new AbortController().signal);
    const messages = [this.#event(), this.#event()];
    for (const message of messages) await publisher.publish(message);
    await using attempt = new Attempt(target.read(), this.#patienceMs);
    await attempt.expect(messages.map((message) => this.#arrives(message)));
    await publisher.close();
  }

  async #publishUntilRefused(pair: Pair): Promise<unknown> {
    for (;;) {
      try {
        await pair.publish(this.#event());
      } catch (error) {
        return error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #pair(target: PublisherTarget): Promise<Pair> {
    const publisher = target.make();
    publisher.begin("conformance");
    return this.#pairOf(target, publisher);
  }

  async #pairOf(target: PublisherTarget, publisher: Publisher<AnyMessage>): Promise<Pair> {
    const pair = new Pair(target, publisher, this.#patienceMs, (message) => this.#arrives(message));
    try {
      await pair.open();
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
    return pair;
  }

  #messages(): readonly AnyMessage[] {
    return this.#subject.messages ?? oneOfEverything();
  }

  #arrives(message: AnyMessage): AnyMessage {
    return this.#subject.arrives?.(message) ?? message;
  }

  #event(): AnyMessage {
    this.#next += 1;
    const events = this.#subject.messages?.filter((message) => message.type === "event") ?? [];
    return events[this.#next % events.length] ?? new Event({ number: this.#next }, Uint8Array.of(this.#next % 256));
  }
}
