import assert from "node:assert/strict";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Block, Event, type Message, Publisher } from "arroyojs";
import { CaptureListener, CapturePublisher, type CapturePublisherOptions } from "arroyojs/files";
import type { Findings, Line, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { section } from "./table.ts";

const MEGABYTE = 1e6;
/** As much as our buffers: whoever writes small pieces is slower. */
const SMALL_PIECE = 1024 * 1024;

/** Measures recording and replaying beside plain writes and reads of as many bytes in large pieces. */
export const capture: Row = { name: "capture", measure };

/** Counts what comes, and looks at the bytes of some. */
class Counting extends Publisher {
  messages = 0;
  bytes = 0;
  readonly #fill: number;

  constructor(fill: number) {
    super();
    this.#fill = fill;
  }

  override publish(message: Message): void {
    if (message.type !== "event") return;
    const payload = message.payload as Uint8Array;
    if (payload[payload.length - 1] !== this.#fill) throw new Error("bench: capture: another byte came back");
    this.messages += 1;
    this.bytes += payload.length;
  }
}

type Checksum = NonNullable<CapturePublisherOptions["checksum"]>;

interface Rates {
  record: number[];
  replay: number[];
  write: number[];
  read: number[];
}

async function measure(size: Size): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "arroyo-bench-"));
  try {
    const lines: Line[] = [];
    const small = size.quick ? 20_000 : 1_000_000;
    const large = size.quick ? 4 : 64;
    lines.push(...asMessages(await rates(size, folder, 100, small, "all")));
    lines.push(...asRatios(await rates(size, folder, 8_000_000, large, "headers"), "headers", 0.8));
    lines.push(...asRatios(await rates(size, folder, 8_000_000, large, "all"), "all", undefined));
    return {
      title: "capture and replay, as fast as it can, 100 B and 8 MB",
      method:
        "A publisher records native events into a file; a block replays it to a publisher that counts and looks at a byte " +
        "of each. Beside them as many bytes in plain writes and reads of 1 MiB, or of one frame, each read into memory of " +
        "its own. All files are closed, and synced, within the time, and read from the system's cache.",
      lines,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rates(size: Size, folder: string, bytes: number, count: number, checksum: Checksum): Promise<Rates> {
  const found: Rates = { record: [], replay: [], write: [], read: [] };
  const path = join(folder, "bench.acap");
  const plain = join(folder, "plain");
  for (let round = 0; round < size.rounds; round += 1) {
    found.record.push(count / (await seconds(() => record(path, bytes, count, checksum))));
    found.replay.push(count / (await seconds(() => replay(path, bytes, count))));
    const fileBytes = (await stat(path)).size;
    assert.ok(fileBytes > bytes * count);
    const piece = Math.max(SMALL_PIECE, bytes);
    found.write.push(count / (await seconds(() => write(plain, fileBytes, piece))));
    found.read.push(count / (await seconds(() => read(plain, fileBytes, piece))));
    await rm(path);
    await rm(plain);
  }
  return found;
}

function asMessages({ record, replay }: Rates): readonly Line[] {
  const target = { least: 500_000, text: ">= 500 k" };
  return [
    { what: "100 B, record, messages/s, checksum over all", values: record, target },
    { what: "100 B, replay, messages/s, checksum over all", values: replay, target },
  ];
}

function asRatios(found: Rates, checksum: Checksum, least: number | undefined): readonly Line[] {
  const target = least === undefined ? {} : { target: { least } };
  const megabytes = (values: readonly number[]): number[] => values.map((value) => (value * 8_000_000) / MEGABYTE);
  const what = (work: string): string => `8 MB, ${work}, checksum over ${checksum}`;
  return [
    { what: what("record, MB/s"), values: megabytes(found.record) },
    { what: what("record / plain writes"), values: ratios(found.record, found.write), ...target },
    { what: what("replay, MB/s"), values: megabytes(found.replay) },
    { what: what("replay / plain reads"), values: ratios(found.replay, found.read), ...target },
  ];
}

async function record(path: string, bytes: number, count: number, checksum: Checksum): Promise<void> {
  const publisher = new CapturePublisher({ path, checksum, sync: "close", segmentBytes: 2 ** 33, stream: "bench" });
  const payload = new Uint8Array(bytes).fill(7);
  await publisher.open(new AbortController().signal);
  for (let number = 0; number < count; number += 1) {
    const wait = publisher.publish(new Event({ number }, payload));
    if (wait !== undefined) await wait;
  }
  await publisher.close();
}

async function replay(path: string, bytes: number, count: number): Promise<void> {
  const counting = new Counting(7);
  const listener = new CaptureListener({ path });
  const block = new Block({ name: "replay", listeners: [listener], publishers: [counting] });
  await block.start();
  const { received, lost, rejected } = await block.finished;
  assert.deepEqual({ received, lost, rejected }, { received: count, lost: 0, rejected: 0 });
  assert.deepEqual([counting.messages, counting.bytes], [count, count * bytes]);
}

async function write(path: string, bytes: number, piece: number): Promise<void> {
  const buffer = new Uint8Array(piece).fill(7);
  const handle = await open(path, "w");
  for (let at = 0; at < bytes; at += piece) await handle.write(buffer, 0, Math.min(piece, bytes - at), at);
  await handle.datasync();
  await handle.close();
}

async function read(path: string, bytes: number, piece: number): Promise<void> {
  const handle = await open(path, "r");
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(new Uint8Array(Math.min(piece, bytes - at)), 0, undefined, at);
    assert.ok(bytesRead > 0);
    at += bytesRead;
  }
  await handle.close();
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const quick = process.argv.includes("--quick");
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  say(section(await measure({ quick, rounds: quick ? 1 : 3, say })));
}
