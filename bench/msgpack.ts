import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Packr } from "msgpackr";
import { Bench } from "tinybench";
import { decode, find, findIn, Packer, skim } from "../src/message/msgpack/index.ts";

/** Header maps of one run, all of 207 bytes: what changes from message to message changes here too. */
function headers(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) => ({
    run: "scan-42",
    origin: ["det-7", "0", 100_000 + i],
    key: `module-${String(i % 100).padStart(2, "0")}`,
    trace: `00-4bf92f3577b34da6a3ce929d0e0e${(0x1000 + i).toString(16)}-00f067aa0ba9${(0x2000 + i).toString(16)}-01`,
    metadata: { frame: 70_000 + i, exposure: 12.06 + i / 8, motor: "sample_x", shutter: i % 2 === 0 },
    array: { dtype: "uint16", shape: [512, 512] },
  }));
}

const LIMITS = { maxDepth: 64 };
const COUNT = 64;

/** Measures our MessagePack beside msgpackr on the same header maps, in the same run, and prints ratios. */
export async function main(): Promise<void> {
  const maps = headers(COUNT);
  const packr = new Packr({ useRecords: false, mapsAsObjects: true });
  const packer = new Packer();
  const encode = (map: Record<string, unknown>): Uint8Array => {
    packer.reset(0);
    packer.value(map, "header");
    return packer.finish();
  };
  const encoded = maps.map(encode);
  for (const [i, bytes] of encoded.entries()) {
    assert.equal(bytes.length, 207);
    assert.deepEqual(decode(bytes, 0, bytes.length, LIMITS), maps[i]);
    assert.deepEqual(packr.unpack(bytes), maps[i]);
    assert.deepEqual(packr.unpack(packr.pack(maps[i])), maps[i]);
    assert.equal(findIn(bytes, 0, bytes.length, "metadata", "shutter"), i % 2 === 0);
  }

  let turn = 0;
  const each = (work: (bytes: Uint8Array, map: Record<string, unknown>) => unknown) => (): void => {
    // Many maps in one sample, so that the clock of the bench does not count.
    for (let i = 0; i < COUNT; i++) {
      turn = (turn + 1) % COUNT;
      work(encoded[turn] as Uint8Array, maps[turn] as Record<string, unknown>);
    }
  };
  const rounds: Map<string, number>[] = [];
  for (let round = 0; round < 5; round++) {
    const bench = new Bench({ time: 400, warmupTime: 200 });
    bench
      .add(
        "decode, msgpackr",
        each((bytes) => packr.unpack(bytes)),
      )
      .add(
        "decode",
        each((bytes) => decode(bytes, 0, bytes.length, LIMITS)),
      )
      .add(
        "encode, msgpackr",
        each((_, map) => packr.pack(map)),
      )
      .add(
        "encode",
        each((_, map) => encode(map)),
      )
      .add(
        "skim",
        each((bytes) => skim(bytes, 0, bytes.length, LIMITS)),
      )
      .add(
        "find, 4th key",
        each((bytes) => find(bytes, 0, bytes.length, "trace")),
      )
      .add(
        "findIn, last metadata key",
        each((bytes) => findIn(bytes, 0, bytes.length, "metadata", "shutter")),
      );
    await bench.run();
    rounds.push(new Map(bench.tasks.map((task) => [task.name, nsPerMap(task.result)])));
  }
  const ns = (name: string): number[] => rounds.map((round) => round.get(name) ?? Number.NaN);
  console.log("MessagePack, a header map of 207 bytes; ns per map: median (min-max) of 5 rounds");
  for (const name of (rounds[0] as Map<string, number>).keys()) {
    console.log(`  ${name.padEnd(28)} ${spread(ns(name), 0)}`);
  }
  for (const name of ["decode", "encode"]) {
    const theirs = ns(`${name}, msgpackr`);
    console.log(
      `  ${name}: speed of ours / msgpackr   ${spread(
        ns(name).map((own, i) => (theirs[i] as number) / own),
        2,
      )}`,
    );
  }
}

function nsPerMap(result: Bench["tasks"][number]["result"]): number {
  assert.ok("latency" in result, `the bench did not complete: ${result.state}`);
  return (result.latency.p50 * 1e6) / COUNT;
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): string => (sorted[i] as number).toFixed(digits);
  return `${at(sorted.length >> 1)} (${at(0)}-${at(sorted.length - 1)})`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
