import { type Message, Operator } from "arroyojs";
import { eventOf, SIDES, startOf, stopOf, sumOf } from "./messages.ts";

/** Is a run as the end of a chain saw it, from a Start to its Stop. */
export interface Part {
  readonly run: string;
  readonly resumed: boolean;
  readonly ids: readonly number[];
  /** How it ended; absent while it is open. */
  reason?: string;
}

/**
 * Looks at everything that comes out, and keeps what the run rule and the messages' own contents say is wrong. It knows
 * what was sent by making it again, not by any count.
 */
export class Seen extends Operator {
  readonly parts: Part[] = [];
  readonly faults: string[] = [];
  readonly stops: Extract<Message, { type: "stop" }>[] = [];
  /** How many events came, the second time of one included. */
  events = 0;
  readonly #open = new Map<string, { readonly part: Part & { ids: number[] }; readonly last: number[] }>();
  readonly #bytes: number | undefined;
  readonly #ended: (run: string) => void;

  /** `bytes` is the size that was asked of the payloads; `ended` is told of each run that is complete. */
  constructor(bytes?: number, ended: (run: string) => void = () => undefined) {
    super();
    this.#bytes = bytes;
    this.#ended = ended;
  }

  override process(message: Message): undefined {
    const run = message.run ?? "";
    const open = this.#open.get(run);
    if (message.type === "start") {
      if (open !== undefined) this.faults.push(`${run}: a Start in the open run`);
      this.#compare(message, startOf(run), "its Start");
      const part = { run, resumed: message.resumed, ids: [] };
      this.parts.push(part);
      this.#open.set(run, { part, last: SIDES.map(() => -1) });
    } else if (open === undefined) this.faults.push(`${run}: a ${message.type} while it is not open`);
    else if (message.type === "stop") {
      open.part.reason = message.reason;
      this.#open.delete(run);
      this.stops.push(message);
      if (message.reason !== "completed") return;
      this.#compare(message, stopOf(run, Number(message.data["events"])), "its Stop");
      this.#ended(run);
    } else this.#event(run, message, open);
  }

  /** The numbers of all events of a run, each once, in order. */
  idsOf(run: string): number[] {
    const all = new Set(this.parts.flatMap((part) => (part.run === run ? [...part.ids] : [])));
    return [...all].sort((one, other) => one - other);
  }

  /** How many events of a run came more than once. */
  twice(run: string): number {
    const all = this.parts.reduce((sum, part) => sum + (part.run === run ? part.ids.length : 0), 0);
    return all - this.idsOf(run).length;
  }

  /** Gives what was found of a run beside its numbers, and keeps nothing of it. */
  forget(run: string): { readonly twice: number; readonly faults: readonly string[] } {
    const found = { twice: this.twice(run), faults: this.faults.splice(0) };
    this.parts.splice(0, this.parts.length, ...this.parts.filter((part) => part.run !== run));
    this.stops.length = 0;
    return found;
  }

  isComplete(run: string): boolean {
    return this.parts.some((part) => part.run === run && part.reason === "completed");
  }

  #event(
    run: string,
    event: Extract<Message, { type: "event" }>,
    { part, last }: { readonly part: { ids: number[] }; readonly last: number[] },
  ): void {
    const id = Number(event.metadata["id"]);
    this.events += 1;
    part.ids.push(id);
    this.#compare(event, eventOf(run, id, this.#bytes), `event ${id}`);
    const side = id % SIDES.length;
    if (id <= (last[side] as number)) this.faults.push(`${run}: event ${id} came after ${last[side]}`);
    last[side] = id;
    const { stream, partition } = event.envelope.origin ?? {};
    if (stream !== "detector" || partition !== SIDES[side]) {
      this.faults.push(`${run}: event ${id} says that it is of ${stream} ${partition}`);
    }
  }

  #compare(message: Message, sent: Message, what: string): void {
    if (sumOf(message) !== sumOf(sent)) this.faults.push(`${message.run}: ${what} is not what was sent`);
  }
}
