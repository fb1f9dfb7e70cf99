import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Bench } from "tinybench";
import { Event } from "../src/message/event.ts";
import { DEFAULT_LIMITS } from "../src/message/limits.ts";
import { nativeCodec } from "../src/message/native/native-codec.ts";
import { Start } from "../src/message/start.ts";

const RUN = "5f1c6a0e-1f4c-4a53-b0a8-07ddc2a43d36";
const COUNT = 512;
const ROUNDS = 5;

/** Events of 100 bytes with four keys of metadata: maps of about 140 bytes. */
function events(): Event[] {
  return Array.from({ length: COUNT }, (_, frame) => {
    const metadata = { frame: frame + 1000, exposure: 0.01, position: 12.5 + frame, name: "scan-12" };
    return new Event(metadata, new Uint8Array(100), { run: RUN, timeMs: 1.7e12 + frame });
  });
}

/** Measures the native codec on small events, where its own work counts. */
export async function main(): Promise<void> {
  const source = nativeCodec.writer({ stream: "detector" });
  const next = nativeCodec.writer({ stream: "next" });
  const start = new Start({}, { run: RUN });
  source(start);
  next(start);
  const read = nativeCodec.reader(DEFAULT_LIMITS);
  const readOne = (frames: readonly Uint8Array[]): Event => read(frames)[0]?.message as Event;

  const made = events();
  const wire = made.map((event) => source(event)[0] as readonly Uint8Array[]);
  const received = wire.map(readOne);
  for (const [i, event] of received.entries()) {
    assert.deepEqual(event.metadata, made[i]?.metadata);
    assert.equal(event.field("position"), 12.5 + i);
    const again = readOne(next(event)[0] as readonly Uint8Array[]);
    assert.deepEqual([again.metadata, again.envelope], [event.metadata, event.envelope]);
  }
  const untouched = wire.map(readOne);
  const other = new Uint8Array(10);

  const each = (work: (i: number) => unknown) => (): void => {
    // Many messages in one sample, so that the clock of the bench does not count.
    for (let i = 0; i < COUNT; i++) work(i);
  };
  const frames = (i: number): readonly Uint8Array[] => wire[i] as readonly Uint8Array[];
  const works: Readonly<Record<string, (i: number) => unknown>> = {
    read: (i) => read(frames(i)),
    "read, one field": (i) => readOne(frames(i)).field("position"),
    "read, all metadata": (i) => readOne(frames(i)).metadata,
    "read, envelope": (i) => readOne(frames(i)).envelope,
    forward: (i) => next(untouched[i] as Event),
    "read and forward": (i) => next(readOne(frames(i))),
    "read, new payload, write": (i) => next(readOne(frames(i)).with({ payload: other })),
    "write, made here": (i) => next(made[i] as Event),
  };
  const rounds: Map<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 300, warmupTime: 200 });
    for (const [name, work] of Object.entries(works)) bench.add(name, each(work));
    await bench.run();
    rounds.push(new Map(bench.tasks.map((task) => [task.name, nsPerMessage(task.result)])));
  }
  const maps = (wire[0]?.[0]?.length ?? 0) - 40;
  console.log(
    `arroyo/1, events of 100 bytes, maps of ${maps} bytes; ns per message: median (min-max) of ${ROUNDS} rounds`,
  );
  for (const name of Object.keys(works)) {
    const sorted = rounds.map((round) => round.get(name) ?? Number.NaN).toSorted((a, b) => a - b);
    const at = (i: number): string => (sorted[i] as number).toFixed(0);
    console.log(`  ${name.padEnd(28)} ${at(sorted.length >> 1)} (${at(0)}-${at(sorted.length - 1)})`);
  }
}

function nsPerMessage(result: Bench["tasks"][number]["result"]): number {
  assert.ok("latency" in result, `the bench did not complete: ${result.state}`);
  return (result.latency.p50 * 1e6) / COUNT;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
