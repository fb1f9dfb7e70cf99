import assert from "node:assert/strict";
import type { BlockOptions } from "../../block/options.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Step } from "../../operator/function-operator.ts";
import { type Driven, drive } from "../drive.ts";
import { type Cannot, type ConformanceCase, conformanceCases } from "./conformance-case.ts";
import { assertSameMessages, plain } from "./same-messages.ts";

/** Describes an operator to its conformance suite. */
export interface OperatorSubject<In extends AnyMessage = AnyMessage, Out extends AnyMessage = AnyMessage> {
  readonly name: string;
  /** Makes a fresh operator. */
  make(): Step<In, Out>;
  /** Makes the messages of a whole run with this id: its Start, events, its Stop. */
  run(id: string): readonly In[];
  /** Options of the block around it. */
  readonly options?: Partial<BlockOptions<In, Out>>;
  /** Cases that this operator cannot do, by name, each with the reason. */
  readonly cannot?: Cannot;
}

/** Makes the cases that every operator should pass. */
export function operatorSuite<In extends AnyMessage, Out extends AnyMessage>(
  subject: OperatorSubject<In, Out>,
): readonly ConformanceCase[] {
  const checks = new OperatorChecks(subject);
  return conformanceCases(
    subject.name,
    {
      "run - every message is acknowledged, and the account adds up": () => checks.settles(),
      "run - one Start comes out first and one Stop last": () => checks.lifecycle(),
      "run - one without events passes": () => checks.empty(),
      "run - one without its Stop is ended": () => checks.abandoned(),
      "run - the same one again begins anew": () => checks.again(),
      "runs - two that take turns come out as each of them alone": () => checks.alternating(),
      "instances - two give the same": () => checks.same(),
      "input - no message is changed in place": () => checks.unchanged(),
      "nothing - gives nothing": () => checks.nothing(),
      "queue - a small one is enough": () => checks.smallQueue(),
    },
    subject.cannot,
  );
}

/** Holds the bodies of the cases. */
class OperatorChecks<In extends AnyMessage, Out extends AnyMessage> {
  readonly #subject: OperatorSubject<In, Out>;

  constructor(subject: OperatorSubject<In, Out>) {
    this.#subject = subject;
  }

  async settles(): Promise<void> {
    await this.#drive(this.#subject.run("run"));
  }

  async lifecycle(): Promise<void> {
    const { published } = await this.#drive(this.#subject.run("run"));
    this.#assertLifecycle(published);
  }

  async empty(): Promise<void> {
    const messages = this.#subject.run("run").filter((message) => message.type !== "event");
    const { published } = await this.#drive(messages);
    this.#assertLifecycle(published);
  }

  async abandoned(): Promise<void> {
    const messages = this.#subject.run("run").filter((message) => message.type !== "stop");
    const { published } = await this.#drive(messages);
    this.#assertLifecycle(published);
    const last = published.at(-1);
    assert.ok(last?.type === "stop" && last.reason === "abandoned", "the Stop says abandoned");
  }

  async again(): Promise<void> {
    const once = await this.#drive(this.#subject.run("run"));
    const twice = await this.#drive([...this.#subject.run("run"), ...this.#subject.run("run")]);
    assertSameMessages(twice.published, [...once.published, ...once.published]);
  }

  async alternating(): Promise<void> {
    const [one, other] = [this.#subject.run("one"), this.#subject.run("other")];
    const alone = [await this.#drive(one), await this.#drive(other)];
    const mixed: In[] = [];
    for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
      const next = [one[at], other[at]];
      mixed.push(...next.filter((message) => message !== undefined));
    }
    const { published } = await this.#drive(mixed);
    for (const [index, run] of ["one", "other"].entries()) {
      const own = published.filter((message) => message.run === run);
      assertSameMessages(own, alone[index]?.published ?? []);
    }
  }

  async same(): Promise<void> {
    const [one, other] = [await this.#drive(this.#subject.run("run")), await this.#drive(this.#subject.run("run"))];
    assertSameMessages(other.published, one.published);
  }

  async unchanged(): Promise<void> {
    const messages = this.#subject.run("run");
    const before = messages.map(plain);
    await this.#drive(messages);
    assert.deepStrictEqual(messages.map(plain), before, "the operator changed a message or the bytes of one");
  }

  async nothing(): Promise<void> {
    const { published } = await this.#drive([]);
    assert.equal(published.length, 0, "something came out although nothing went in");
  }

  async smallQueue(): Promise<void> {
    await this.#drive(this.#subject.run("run"), { maxMessages: 2 });
  }

  /** Drives a fresh operator; everything must be acknowledged, and the account must add up. */
  async #drive(messages: readonly In[], options: Partial<BlockOptions<In, Out>> = {}): Promise<Driven<Out>> {
    const driven = await drive(this.#subject.make(), messages, { ...this.#subject.options, ...options });
    if (driven.error !== undefined) throw driven.error;
    const { received, finished, dropped, failed, dead, left } = driven.account;
    assert.equal(
      received,
      finished + dropped + failed + dead + left,
      "received = finished + dropped + failed + dead + left",
    );
    assert.equal(received, messages.length, "every message is counted as received");
    assert.equal(left, 0, "messages are left");
    const open = driven.settled.findIndex((how) => how !== "acked");
    assert.equal(open, -1, `message ${open} of ${messages.length} is ${driven.settled[open]}, not acked`);
    return driven;
  }

  #assertLifecycle(published: readonly AnyMessage[]): void {
    const types = published.map(({ type }) => type);
    assert.equal(types[0], "start", "a Start comes first");
    assert.equal(types.at(-1), "stop", "a Stop comes last");
    const between = types.slice(1, -1).filter((type) => type !== "event");
    assert.deepEqual(between, [], "only events come between Start and Stop");
  }
}
