import { ConnectionError } from "../../../src/errors.ts";
import type { Message } from "../../../src/message/message.ts";
import { Publisher } from "../../../src/publisher/publisher.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { pause } from "./pause.ts";
import type { PublisherPlan, PublishFault } from "./plan.ts";
import { contentOf, keyOf, type Records, type SinkRecord } from "./records.ts";

/** Is what outlives the blocks: what the other side really has. */
export interface Delivered {
  readonly plan: PublisherPlan;
  readonly messages: Message[];
  opens: number;
}

/** Makes the publisher of a plan; `record` is what it says in this life. */
export function plannedPublisher(
  delivered: Delivered,
  records: Records,
  clock: Clock,
): { publisher: PlannedPublisher; record: SinkRecord } {
  const { plan } = delivered;
  const record: SinkRecord = {
    // One that comes or goes while the block runs gets some of the results only.
    required: plan.required && plan.stays.fromMs === undefined && plan.stays.toMs === undefined,
    lossy: plan.overflow !== "block",
    life: records.life,
    confirmed: [],
    confirmedKeys: new Set(),
    leftOut: new Set(),
    refused: new Set(),
    repeats: plan.way === "batch" && (plan.faults.length > 0 || plan.refusesOneOf > 0),
    torn: false,
  };
  records.sinks.push(record);
  const Kind = plan.way === "batch" ? BatchingPublisher : PlannedPublisher;
  return { publisher: new Kind(delivered, records, record, clock), record };
}

/** Takes, refuses, fails and hangs as a plan says. */
export class PlannedPublisher extends Publisher<Message> {
  override readonly confirms = true;
  readonly delivered: Delivered;
  readonly record: SinkRecord;
  isOpen = false;
  #goneForGood = false;
  readonly #records: Records;
  readonly #clock: Clock;
  #calls = 0;

  constructor(delivered: Delivered, records: Records, record: SinkRecord, clock: Clock) {
    super();
    this.delivered = delivered;
    this.record = record;
    this.#records = records;
    this.#clock = clock;
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.record.life.dead) return new Promise(() => undefined);
    if (this.isOpen) this.#records.violation("a publisher was opened twice");
    this.delivered.opens += 1;
    if (this.delivered.plan.ms > 0) await pause(this.#clock, this.delivered.plan.ms, signal);
    if (this.#goneForGood) {
      this.#goneForGood = false;
      throw new Error("planned: gone for good");
    }
    if (this.delivered.opens <= this.delivered.plan.openFails) throw new ConnectionError("planned: not there");
    this.isOpen = true;
  }

  override close(): void | Promise<void> {
    this.isOpen = false;
    const { close, ms } = this.delivered.plan;
    if (close === "throw") throw new Error("planned: close failed");
    if (close === "hang") return new Promise(() => undefined);
    if (close === "async") return pause(this.#clock, ms, undefined);
  }

  override publish(message: Message): void | Promise<void> {
    if (this.record.life.dead) return new Promise(() => undefined);
    const { plan } = this.delivered;
    this.#calls += 1;
    if (!this.isOpen) this.#records.violation(`"${keyOf(message)}" was published while the publisher was not open`);
    this.#records.called("publish");
    this.encode(message);
    const fault = plan.faults.find(({ at }) => at === this.#calls)?.fault ?? this.#refusal(message);
    if (plan.way !== "async") {
      if (fault === undefined) return this.#confirm(message);
      return this.#fault(message, fault);
    }
    return pause(this.#clock, plan.ms === 0 ? 0 : (this.#calls * 13) % plan.ms, undefined).then(() => {
      if (this.record.life.dead) return new Promise(() => undefined);
      return fault === undefined ? this.#confirm(message) : this.#fault(message, fault);
    });
  }

  override leaveOut(message: Message): void {
    this.record.leftOut.add(keyOf(message));
    super.leaveOut(message);
  }

  #refusal(message: Message): PublishFault | undefined {
    const { refusesOneOf } = this.delivered.plan;
    const refused =
      refusesOneOf > 0 && message.type === "event" && (contentOf(message).value ?? 1) % refusesOneOf === 0;
    return refused ? "refuse" : undefined;
  }

  #confirm(message: Message): void {
    this.delivered.messages.push(message);
    this.record.confirmed.push(message);
    this.record.confirmedKeys.add(keyOf(message));
  }

  #fault(message: Message, fault: PublishFault): Promise<void> | never {
    if (fault === "hang") {
      this.record.torn ||= message.type !== "event";
      return new Promise(() => undefined);
    }
    if (fault === "refuse") {
      this.record.refused.add(keyOf(message));
      this.record.torn ||= message.type !== "event";
      throw new Error(`planned: refused "${keyOf(message)}"`);
    }
    if (fault === "fatal") this.#goneForGood = true;
    // The other side may have it although the publisher does not know.
    if (fault === "ambiguous") this.delivered.messages.push(message);
    throw new ConnectionError("planned: the connection broke");
  }
}

class BatchingPublisher extends PlannedPublisher {
  override async publishBatch(messages: readonly Message[]): Promise<void> {
    const wasOpen = this.isOpen;
    for (const message of messages) {
      // Whoever abandons the block closes its publishers in the midst of what they do.
      if (wasOpen && !this.isOpen) throw new ConnectionError("planned: closed in the midst of a batch");
      await this.publish(message);
    }
  }
}
