import type { AnyMessage } from "../../../src/message/message.ts";
import type { Item } from "./plain-source.ts";
import type { Plan } from "./plan.ts";

/** Is one giving of an item to an inlet: the same item may be given again, by another attempt or to another block. */
export interface Put {
  readonly number: number;
  readonly item: Item;
  readonly life: Life;
  readonly listener: number;
  acks: number;
  nacks: number;
  /** False where only the commit of a prefix can be seen. */
  readonly settles: boolean;
  /** True once the operator was given it. */
  seen: boolean;
  /** How often the operator was given it for the first time. */
  firsts: number;
  running: boolean;
  /** A Start that came out as resumed. */
  resumed: boolean;
  held: boolean;
  /** Results of a first operator that a second one has not answered yet. */
  inner: number;
  /** Its last attempt ended in an error that will not be tried again. */
  failed: boolean;
  readonly results: string[];
}

/** Is one block from its start to its end or its kill. */
export interface Life {
  readonly number: number;
  dead: boolean;
}

/** Remembers what one publisher was given and what it said. */
export interface SinkRecord {
  readonly required: boolean;
  readonly lossy: boolean;
  readonly life: Life;
  readonly confirmed: AnyMessage[];
  readonly confirmedKeys: Set<string>;
  readonly leftOut: Set<string>;
  readonly refused: Set<string>;
  /** A batch of which a part failed is given once more. */
  readonly repeats: boolean;
  /** Refused a Start or a Stop, or left one unanswered. */
  torn: boolean;
}

/** What the metadata of events and the data of Starts and Stops are in a history. */
export interface Content {
  readonly id?: string;
  readonly put?: number;
  readonly value?: number;
  readonly key?: string;
  readonly from?: readonly number[];
  readonly sum?: number;
  readonly startId?: string | undefined;
}

/** Gives the content of a message. */
export function contentOf(message: AnyMessage): Content {
  return (message.type === "event" ? message.metadata : message.data) as Content;
}

/** Gives the puts that a message was made from. */
export function fromOf(message: AnyMessage): readonly number[] {
  const { from, put } = contentOf(message);
  return from ?? (put === undefined ? [] : [put]);
}

/** Names a result for good. */
export function keyOf(message: AnyMessage): string {
  const { key, put } = contentOf(message);
  if (key !== undefined) return key;
  return put === undefined ? `made ${message.type} of ${message.run}` : `put ${put}`;
}

/** Keeps what was seen from outside of the blocks of a history, and every rule that was broken. */
export class Records {
  readonly plan: Plan;
  readonly puts: Put[] = [];
  readonly sinks: SinkRecord[] = [];
  readonly violations: string[] = [];
  readonly lives: Life[] = [];
  readonly warnings: string[] = [];
  /** Numbers of calls, by what is called. */
  readonly #calls = new Map<string, number>();
  /** Is called when the plan's end has come. */
  onEnd: () => void = () => undefined;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  get life(): Life {
    return this.lives.at(-1) as Life;
  }

  violation(text: string): void {
    if (this.violations.length < 20) this.violations.push(text);
  }

  /** Counts a call; the plan may say that the block is stopped within it. */
  called(what: string): void {
    const calls = (this.#calls.get(what) ?? 0) + 1;
    this.#calls.set(what, calls);
    const { end } = this.plan;
    const last = this.lives.length > this.plan.kills.length;
    if (last && end.how !== "by itself" && end.on === what && calls === end.at) this.onEnd();
  }

  put(item: Item, listener: number, settles: boolean): Put {
    const put: Put = {
      number: this.puts.length,
      item,
      life: this.life,
      listener,
      acks: 0,
      nacks: 0,
      settles,
      seen: false,
      firsts: 0,
      running: false,
      resumed: false,
      held: false,
      inner: 0,
      failed: false,
      results: [],
    };
    this.puts.push(put);
    return put;
  }

  /** Tells whether everything that came of a message is safe, as far as the policies of the plan go. */
  unsafe(put: Put): string | undefined {
    // A run that goes on after it was given up has a Start that is made of this one, and not settled with it.
    if (put.resumed) return undefined;
    if (put.running) return "its call of process is not over";
    if (put.held) return "it is held";
    if (put.inner > 0) return "the second operator has not answered";
    for (const key of put.results) {
      for (const [index, sink] of this.sinks.entries()) {
        if (!sink.required || sink.life !== put.life) continue;
        if (sink.confirmedKeys.has(key) || sink.leftOut.has(key) || sink.refused.has(key)) continue;
        return `its result "${key}" is not confirmed by publisher ${index}`;
      }
    }
    return undefined;
  }

  acked(put: Put): void {
    put.acks += 1;
    this.#once(put);
    this.called("settle");
    if (this.plan.block.guarantee === "at-most-once") return;
    const unsafe = this.unsafe(put);
    if (unsafe !== undefined) this.violation(`${name(put)} was acked, but ${unsafe}`);
  }

  nacked(put: Put): void {
    put.nacks += 1;
    this.#once(put);
    this.called("settle");
  }

  #once(put: Put): void {
    if (put.acks + put.nacks > 1) this.violation(`${name(put)} was settled ${put.acks} + ${put.nacks} times`);
  }
}

/** Names a put in a violation. */
export function name({ item, number, life }: Put): string {
  return `${item.what} ${item.id} (put ${number}, life ${life.number})`;
}
