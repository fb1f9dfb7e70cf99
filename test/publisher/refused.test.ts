import { expect, test } from "vitest";
import { Block } from "../../src/block/block.ts";
import { type Inlet, Listener } from "../../src/listener/listener.ts";
import type { Account } from "../../src/message/account.ts";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { Publisher } from "../../src/publisher/publisher.ts";

type Wires = readonly (readonly Uint8Array[])[];

/** What one look at a publisher varies. */
interface Way {
  readonly confirms: boolean;
  readonly batches: boolean;
  /** The events have a topic each of two in turn. */
  readonly topics: boolean;
}

const WAYS: readonly Way[] = [
  { confirms: false, batches: false, topics: false },
  { confirms: true, batches: false, topics: true },
  { confirms: true, batches: true, topics: false },
  { confirms: true, batches: true, topics: true },
];

/** Keeps the bytes of what it takes, and refuses some for good, after they were written. */
class Choosy extends Publisher {
  override readonly confirms: boolean;
  readonly wires: Wires[] = [];
  readonly #refuses: (message: Message) => boolean;
  readonly #topics: boolean;

  constructor({ confirms, batches, topics }: Way, refuses: (message: Message) => boolean) {
    super();
    this.confirms = confirms;
    this.#refuses = refuses;
    this.#topics = topics;
    if (!batches) Object.defineProperty(this, "publishBatch", { value: Publisher.prototype.publishBatch });
  }

  override async publish(message: Message): Promise<void> {
    this.#take([message]);
  }

  override async publishBatch(messages: readonly Message[]): Promise<void> {
    this.#take(messages);
  }

  protected override topicOf(message: Message): string | undefined {
    return this.#topics && message.type === "event" ? String(Number(message.metadata["id"]) % 2) : undefined;
  }

  #take(messages: readonly Message[]): void {
    const wires = messages.map((message) => this.encode(message));
    if (messages.some(this.#refuses)) throw new Error("too large");
    this.wires.push(...wires);
  }
}

/** Brings in messages, or wire messages, and ends. */
class Given extends Listener {
  readonly #messages: readonly Message[];
  readonly #wires: readonly Wires[];

  constructor(messages: readonly Message[], wires: readonly Wires[]) {
    super();
    this.#messages = messages;
    this.#wires = wires;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    for (const message of this.#messages) await inlet.put(message);
    for (const wire of this.#wires.flat()) await inlet.putFrames(wire);
  }
}

const RUN = "scan-1";
const EVENTS = 20;

function aRun(run: string): Message[] {
  const events = Array.from({ length: EVENTS }, (_, id) => new Event({ id }, Uint8Array.of(id), { run }));
  return [new Start({}, { run }), ...events, new Stop({}, { run })];
}

/** Passes messages or bytes on through a block. */
async function pass(messages: readonly Message[], wires: readonly Wires[], publisher?: Choosy): Promise<Account> {
  const block = new Block({
    name: "block",
    listeners: [new Given(messages, wires)],
    publishers: publisher === undefined ? [] : [publisher],
    onError: "skip",
  });
  await block.start();
  return block.finished;
}

const REFUSED: readonly { readonly what: string; readonly ids: readonly number[] }[] = [
  { what: "one in the middle", ids: [7] },
  { what: "the first", ids: [0] },
  { what: "the last before the Stop", ids: [EVENTS - 1] },
  { what: "several in a row, and the last two", ids: [3, 4, 5, 18, 19] },
  { what: "all", ids: Array.from({ length: EVENTS }, (_, id) => id) },
];

for (const way of WAYS) {
  const title = Object.entries(way).flatMap(([name, is]) => (is ? [name] : []));
  for (const { what, ids } of REFUSED) {
    test(`refused - ${what}: left out upstream, never lost (${title.join(", ") || "plain"})`, async () => {
      const refuses = (message: Message): boolean =>
        message.type === "event" && message.run === RUN && ids.includes(Number(message.metadata["id"]));
      const sent = new Choosy(way, refuses);
      const account = await pass([...aRun(RUN), ...aRun("scan-2")], [], sent);
      expect(account).toMatchObject({ failed: ids.length, publishedEvents: 2 * EVENTS - ids.length });

      const reader = await pass([], sent.wires);
      expect(reader).toMatchObject({ lost: 0, droppedUpstream: ids.length, events: 2 * EVENTS - ids.length });
      expect(reader.runs.map((run) => [run.run, run.lost, run.droppedUpstream, run.missing])).toEqual([
        [RUN, 0, ids.length, undefined],
        ["scan-2", 0, 0, undefined],
      ]);

      // Of a stream that came from elsewhere the next hop is told as well.
      const again = new Choosy(way, refuses);
      const whole = new Choosy(way, () => false);
      await pass([...aRun(RUN), ...aRun("scan-2")], [], whole);
      await pass([], whole.wires, again);
      const end = await pass([], again.wires);
      expect(end).toMatchObject({ lost: 0, droppedUpstream: ids.length, events: 2 * EVENTS - ids.length });
      expect(end.runs.map(({ missing }) => missing)).toEqual([undefined, undefined]);
    });
  }

  test(`refused - a Start or Stop costs no event of another run (${title.join(", ") || "plain"})`, async () => {
    for (const type of ["start", "stop"]) {
      const sent = new Choosy(way, (message) => message.type === type && message.run === RUN);
      await pass([...aRun(RUN), ...aRun("scan-2")], [], sent);
      const reader = await pass([], sent.wires);
      // Nobody can say how many events a run had whose Stop never came.
      expect(reader.lost, type).toBe(type === "stop" ? "unknown" : 0);
      expect(reader.runs.at(-1), type).toMatchObject({ run: "scan-2", events: EVENTS, lost: 0, ended: "completed" });
    }
  });
}

for (const batches of [false, true]) {
  const way: Way = { confirms: true, batches, topics: false };
  const refuses = (message: Message): boolean => message.type === "event" && message.metadata["id"] === 5;

  test(`refused - what is lost beside it stays lost (${batches ? "batches" : "one by one"})`, async () => {
    const sent = new Choosy(way, refuses);
    await pass(aRun(RUN), [], sent);
    const wires = sent.wires.filter((_, at) => at !== 10 && at !== 11);
    expect(await pass([], wires)).toMatchObject({ lost: 2, droppedUpstream: 1, events: EVENTS - 3 });
  });

  test(`refused - over several hops it is explained once, not twice (${batches ? "batches" : "one by one"})`, async () => {
    const first = new Choosy(way, () => false);
    await pass(aRun(RUN), [], first);
    const second = new Choosy(way, refuses);
    await pass([], first.wires, second);
    const [run] = (
      await pass(
        [],
        second.wires.filter((_, at) => at !== 10 && at !== 11),
      )
    ).runs;
    expect(run).toMatchObject({ lost: 2, droppedUpstream: 1, missing: [{ events: 2, as: "lost" }] });
  });
}
