import assert from "node:assert/strict";
import { isRetryable } from "../../errors.ts";
import type { Listener, Replay } from "../../listener/listener.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Attempt } from "./attempt.ts";
import { type Cannot, type ConformanceCase, conformanceCases, needed } from "./conformance-case.ts";
import { assertNoInputOutput } from "./no-io.ts";
import { oneOfEverything } from "./one-of-everything.ts";
import { RecordingInlet } from "./recording-inlet.ts";
import { inTime, PATIENCE_MS, turns } from "./until.ts";
import { withResource } from "./with-resource.ts";

/** Describes a listener to its conformance suite. */
export interface ListenerSubject {
  readonly name: string;
  /** What the listener claims that its source can give again. */
  readonly replay: Replay;
  /** Makes a fresh source that nobody reads yet; each case has its own. */
  source(): ListenerSource | Promise<ListenerSource>;
  /** Messages that the source's format can carry; left out: one of everything. */
  readonly messages?: readonly AnyMessage[];
  /** Gives what arrives for a sent message, where the format does not carry all of it. */
  arrives?(sent: AnyMessage): AnyMessage;
  /** Cases that this listener cannot do, by name, each with the reason. */
  readonly cannot?: Cannot;
  /** The longest wait for one condition, in milliseconds; default 5 000. */
  readonly patienceMs?: number;
}

/** Stands for what a listener reads from. */
export interface ListenerSource extends AsyncDisposable {
  /** Makes a listener of this source; all read the same, as one group where there are groups. */
  make(): Listener<AnyMessage>;
  /** Sends messages to whoever reads; resolves when they are on their way. */
  send(messages: readonly AnyMessage[]): void | Promise<void>;
  /** Sends bytes that are no message. */
  sendGarbage?(bytes: Uint8Array): void | Promise<void>;
  /** Ends the source for good. */
  end?(): void | Promise<void>;
  /** Breaks the connection of whoever reads; what is sent later can be read again. */
  cut?(): void | Promise<void>;
}

/** Makes the cases that every listener must pass. */
export function listenerSuite(subject: ListenerSubject): readonly ConformanceCase[] {
  const checks = new ListenerChecks(subject);
  const given = (body: (source: ListenerSource) => Promise<void>) => () => checks.withSource(body);
  const always = {
    "construction - does no I/O": given((source) => checks.construction(source)),
    "replay - is what it claims": given((source) => checks.replay(source)),
    "ready - is said once, before the first message": given((source) => checks.readyOnce(source)),
    "messages - arrive in order, content and arrays byte for byte": given((source) => checks.content(source)),
    "back-pressure - nothing is put while a put waits": given((source) => checks.backPressure(source)),
    "abort - start returns and puts nothing more": given((source) => checks.abort(source)),
    "abort - start returns while a put waits": given((source) => checks.abortWhileFull(source)),
    "abort - a signal that is aborted already ends start at once": given((source) => checks.abortedBefore(source)),
    "end - start returns when the source ends, after its last message": given((source) => checks.end(source)),
    "start - can be called again after it returned": given((source) => checks.startAgain(source)),
    "start - a second one at the same time is refused": given((source) => checks.secondStart(source)),
    "garbage - does not end the listener, and the next message arrives": given((source) => checks.garbage(source)),
    "connection - a lost one is a retryable error, or mended": given((source) => checks.cut(source)),
  };
  const again = {
    "settlement - comes with every message": given((source) => checks.settlements(source)),
    "settlement - what was acknowledged is not given again": given((source) => checks.acknowledged(source)),
    "settlement - what was not acknowledged is given again": given((source) => checks.unacknowledged(source)),
    "settlement - what was given back is given again": given((source) => checks.givenBack(source)),
  };
  const log = {
    "log - is given again from the first that is not acknowledged": given((source) => checks.prefix(source)),
  };
  const all = {
    ...always,
    ...(subject.replay === "none" ? {} : again),
    ...(subject.replay === "log" ? log : {}),
  };
  return conformanceCases(subject.name, all, subject.cannot);
}

/** Holds the bodies of the cases. */
class ListenerChecks {
  readonly #subject: ListenerSubject;
  readonly #patienceMs: number;
  #next = 0;

  constructor(subject: ListenerSubject) {
    this.#subject = subject;
    this.#patienceMs = subject.patienceMs ?? PATIENCE_MS;
  }

  withSource(body: (source: ListenerSource) => Promise<void>): Promise<void> {
    return withResource(this.#subject.source(), body);
  }

  async construction(source: ListenerSource): Promise<void> {
    await assertNoInputOutput(() => source.make());
  }

  async replay(source: ListenerSource): Promise<void> {
    const { replay } = source.make();
    assert.equal(replay, this.#subject.replay, `the listener says replay "${replay}"`);
  }

  async readyOnce(source: ListenerSource): Promise<void> {
    await using attempt = await this.#reading(source);
    await source.send(this.#some(2));
    await attempt.until(() => attempt.inlet.taken.length === 2, "2 messages");
    assert.deepEqual(attempt.inlet.readyAt, [0], "ready was called once, with nothing put before");
  }

  async content(source: ListenerSource): Promise<void> {
    await using attempt = await this.#reading(source);
    const messages = this.#subject.messages ?? oneOfEverything();
    await source.send(messages);
    await attempt.expect(messages.map((message) => this.#arrives(message)));
  }

  async backPressure(source: ListenerSource): Promise<void> {
    await using attempt = await this.#reading(source);
    attempt.inlet.shut();
    const messages = this.#some(50);
    const sending = Promise.resolve(source.send(messages));
    await attempt.until(() => attempt.inlet.waiting > 0, "a put that waits");
    await turns();
    const { puts } = attempt.inlet;
    assert.equal(attempt.inlet.overruns, 0, "another put came while one waited");
    assert.ok(puts < messages.length, `${puts} of ${messages.length} messages were put although a put waits`);
    attempt.inlet.open();
    await inTime(sending, "send to be done once everything is taken", this.#patienceMs);
    await attempt.expect(messages.map((message) => this.#arrives(message)));
  }

  async abort(source: ListenerSource): Promise<void> {
    await using first = await this.#reading(source);
    await source.send(this.#some(1));
    await first.until(() => first.inlet.taken.length === 1, "the first message");
    const { puts } = first.inlet;
    const ending = first.abort();
    const sending = Promise.resolve(source.send(this.#some(1))).catch(() => undefined);
    this.#assertEnded(await ending);
    await using second = await this.#reading(source);
    await source.send(this.#some(1));
    await second.until(() => second.inlet.taken.length > 0, "a message at the next reader");
    await inTime(sending, "send to be done after the reader left", this.#patienceMs);
    assert.equal(first.inlet.puts, puts, "something was put after the signal was aborted");
  }

  async abortWhileFull(source: ListenerSource): Promise<void> {
    await using attempt = await this.#reading(source);
    attempt.inlet.shut();
    const sending = Promise.resolve(source.send(this.#some(10)));
    await attempt.until(() => attempt.inlet.waiting > 0, "a put that waits");
    this.#assertEnded(await attempt.abort());
    const { puts } = attempt.inlet;
    attempt.inlet.open();
    await inTime(sending, "send to be done after the reader left", this.#patienceMs);
    await turns();
    assert.equal(attempt.inlet.puts, puts, "something was put after start had returned");
  }

  async abortedBefore(source: ListenerSource): Promise<void> {
    if (this.#subject.replay !== "none") await source.send(this.#some(2));
    const listener = source.make();
    const inlet = new RecordingInlet(listener.codec);
    const started = listener.start(inlet, AbortSignal.abort()).catch(() => {});
    await inTime(started, "start to return, its signal being aborted", this.#patienceMs);
    assert.equal(inlet.puts, 0, "something was put although the signal was aborted");
  }

  async end(source: ListenerSource): Promise<void> {
    const end = needed(this.#subject.name, "end()", source.end?.bind(source));
    await using attempt = await this.#reading(source);
    const messages = this.#some(3);
    await source.send(messages);
    await end();
    this.#assertEnded(await attempt.ended("start to return after the source ended"));
    await attempt.expect(messages.map((message) => this.#arrives(message)));
  }

  async startAgain(source: ListenerSource): Promise<void> {
    const listener = source.make();
    for (let round = 0; round < 3; round += 1) {
      await using attempt = await this.#attempt(listener);
      const messages = this.#some(2);
      await source.send(messages);
      await attempt.expect(messages.map((message) => this.#arrives(message)));
      await this.#settle(attempt, 0, 2);
      this.#assertEnded(await attempt.abort());
    }
  }

  async secondStart(source: ListenerSource): Promise<void> {
    const listener = source.make();
    await using attempt = await this.#attempt(listener);
    const second = new Attempt(listener, this.#patienceMs);
    const ending = await second.ended("the second start to be refused");
    assert.equal(ending.how, "failed", "a second start of a listener that reads was not refused");
    assert.equal(ending.how === "failed" && isRetryable(ending.error), false, "the refusal is retryable");
    await source.send(this.#some(1));
    await attempt.until(() => attempt.inlet.taken.length === 1, "a message at the first start");
  }

  async garbage(source: ListenerSource): Promise<void> {
    const sendGarbage = needed(this.#subject.name, "sendGarbage()", source.sendGarbage?.bind(source));
    await using attempt = await this.#reading(source);
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xc1), new Uint8Array(1000).fill(0xff)]) {
      await sendGarbage(bytes);
    }
    const messages = this.#some(1);
    await source.send(messages);
    await attempt.expect(messages.map((message) => this.#arrives(message)));
    assert.ok(attempt.inlet.rejections.length > 0, "none of the garbage was put");
  }

  async cut(source: ListenerSource): Promise<void> {
    const cut = needed(this.#subject.name, "cut()", source.cut?.bind(source));
    const listener = source.make();
    await using attempt = await this.#attempt(listener);
    await source.send(this.#some(1));
    await attempt.until(() => attempt.inlet.taken.length === 1, "the message before the cut");
    await this.#settle(attempt, 0, 1);
    const before = attempt.inlet.connections.length;
    await cut();
    const since = (): readonly boolean[] => attempt.inlet.connections.slice(before);
    const mended = (): boolean => since().includes(false) && since().at(-1) === true;
    await attempt
      .until(() => mended() || attempt.ending !== undefined, "start to fail, or to say disconnected, then connected")
      .catch((error) => {
        if (attempt.ending === undefined) throw error;
      });
    const { ending } = attempt;
    // Awaited here: what is returned unawaited outlives the attempt.
    if (ending === undefined) return await this.#readsOn(source, attempt);
    assert.equal(ending.how, "failed", "start returned as if the source had ended");
    assert.ok(ending.how === "failed" && isRetryable(ending.error), "the error of a lost connection is not retryable");
    await using second = await this.#attempt(listener);
    await this.#readsOn(source, second);
  }

  async settlements(source: ListenerSource): Promise<void> {
    await using attempt = await this.#reading(source);
    await source.send(this.#some(5));
    await attempt.until(() => attempt.inlet.taken.length === 5, "5 messages");
    const without = attempt.inlet.taken.findIndex(({ settlement }) => settlement === undefined);
    assert.equal(without, -1, `message ${without} has no settlement, although the listener can give it again`);
    await this.#settle(attempt, 0, 5);
  }

  async acknowledged(source: ListenerSource): Promise<void> {
    await this.#firstRead(source, this.#some(5), (attempt) => this.#settle(attempt, 0, 5));
    await using second = await this.#reading(source);
    const marker = this.#some(1);
    await source.send(marker);
    await second.expect(marker.map((message) => this.#arrives(message)));
  }

  async unacknowledged(source: ListenerSource): Promise<void> {
    const messages = this.#some(5);
    await this.#firstRead(source, messages, (attempt) => this.#settle(attempt, 0, 2));
    await using second = await this.#reading(source);
    await second.expect(messages.slice(2).map((message) => this.#arrives(message)));
  }

  async givenBack(source: ListenerSource): Promise<void> {
    const messages = this.#some(3);
    await this.#firstRead(source, messages, async (attempt) => {
      await this.#settle(attempt, 0, 1);
      await attempt.inlet.taken[1]?.settlement?.nack("failed");
    });
    await using second = await this.#reading(source);
    await second.expect(messages.slice(1).map((message) => this.#arrives(message)));
  }

  async prefix(source: ListenerSource): Promise<void> {
    const messages = this.#some(6);
    await this.#firstRead(source, messages, async (attempt) => {
      await this.#settle(attempt, 3, 6);
      await this.#settle(attempt, 0, 2);
    });
    await using second = await this.#reading(source);
    await second.expect(messages.slice(2).map((message) => this.#arrives(message)));
  }

  /** Reads all messages once, settles some, and leaves. */
  async #firstRead(
    source: ListenerSource,
    messages: readonly AnyMessage[],
    settle: (attempt: Attempt) => Promise<void>,
  ): Promise<void> {
    await using attempt = await this.#reading(source);
    await source.send(messages);
    await attempt.until(() => attempt.inlet.taken.length === messages.length, `${messages.length} messages`);
    await settle(attempt);
    this.#assertEnded(await attempt.abort());
  }

  async #readsOn(source: ListenerSource, attempt: Attempt): Promise<void> {
    const before = attempt.inlet.taken.length;
    await source.send(this.#some(1));
    await attempt.until(() => attempt.inlet.taken.length > before, "a message after the connection was mended");
  }

  async #settle(attempt: Attempt, from: number, to: number): Promise<void> {
    for (const { settlement } of attempt.inlet.taken.slice(from, to)) await settlement?.ack();
  }

  #reading(source: ListenerSource): Promise<Attempt> {
    return this.#attempt(source.make());
  }

  async #attempt(listener: Listener<AnyMessage>): Promise<Attempt> {
    const attempt = new Attempt(listener, this.#patienceMs);
    try {
      await attempt.ready();
    } catch (error) {
      await attempt[Symbol.asyncDispose]();
      throw error;
    }
    return attempt;
  }

  #assertEnded(ending: Attempt["ending"]): void {
    if (ending?.how === "failed") throw ending.error;
  }

  #arrives(message: AnyMessage): AnyMessage {
    return this.#subject.arrives?.(message) ?? message;
  }

  /** Makes events of no run that differ from all earlier ones. */
  #some(count: number): AnyMessage[] {
    const custom = this.#subject.messages?.filter((message) => message.type === "event");
    return Array.from({ length: count }, () => {
      const number = this.#next;
      this.#next += 1;
      const like = custom?.[number % custom.length];
      return like ?? new Event({ number }, Uint8Array.of(number % 256));
    });
  }
}
