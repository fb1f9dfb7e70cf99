import assert from "node:assert/strict";
import { Packr } from "msgpackr";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { nativeCodec as codec } from "../../src/message/native/native-codec.ts";
import { Start } from "../../src/message/start.ts";
import { micro } from "../micro.ts";
import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";

const RUN = "5f1c6a0e-1f4c-4a53-b0a8-07ddc2a43d36";
const COUNT = 512;
const PRELUDE = 40;

/** Measures the native codec on small events, where its own work counts. */
export const nativeCodec: Row = { name: "native-codec", measure };

async function measure(size: Size): Promise<Findings> {
  const source = codec.writer({ stream: "detector" });
  const next = codec.writer({ stream: "next" });
  const start = new Start({}, { run: RUN });
  source(start);
  next(start);
  const read = codec.reader(DEFAULT_LIMITS);
  const readOne = (frames: readonly Uint8Array[]): Event => read(frames)[0]?.message as Event;

  const made = events();
  const wire = made.map((event) => source(event)[0] as readonly Uint8Array[]);
  for (const [index, frames] of wire.entries()) {
    const event = readOne(frames);
    assert.deepEqual(event.metadata, made[index]?.metadata);
    assert.equal(event.field("position"), 12.5 + index);
    const again = readOne(next(event)[0] as readonly Uint8Array[]);
    assert.deepEqual([again.metadata, again.envelope], [event.metadata, event.envelope]);
  }
  const untouched = wire.map(readOne);
  const other = new Uint8Array(10);
  const packr = new Packr({ useRecords: false });
  const frames = (index: number): readonly Uint8Array[] => wire[index] as readonly Uint8Array[];
  const packed = made.map(({ metadata, run }, sequence) =>
    packr.pack({ run, origin: ["detector", "", sequence], metadata }),
  );

  const found = await micro(
    size,
    {
      "read, nothing decoded": (index) => read(frames(index)),
      "read, one field": (index) => readOne(frames(index)).field("position"),
      "read, all metadata": (index) => readOne(frames(index)).metadata,
      "read, envelope": (index) => readOne(frames(index)).envelope,
      forward: (index) => next(untouched[index] as Event),
      "read and forward": (index) => next(readOne(frames(index))),
      "read, new payload, write": (index) => next(readOne(frames(index)).with({ payload: other })),
      "write, made here": (index) => next(made[index] as Event),
      "msgpackr: unpack and pack the same map": (index) => packr.pack(packr.unpack(packed[index] as Uint8Array)),
    },
    COUNT,
  );
  const maps = (wire[0]?.[0]?.length ?? 0) - PRELUDE;
  return {
    title: "Native codec, events of 100 bytes",
    method:
      `ns for each event with four keys of metadata (maps of ${maps} bytes), beside msgpackr on a map of the same content. ` +
      "Everything is read back and compared first. For information.",
    lines: [
      ...Object.entries(found).map(([what, values]) => ({ what, values })),
      {
        what: "read and forward, speed / msgpackr",
        values: ratios(found["msgpackr: unpack and pack the same map"], found["read and forward"]),
      },
    ],
  };
}

function events(): Event[] {
  return Array.from({ length: COUNT }, (_, frame) => {
    const metadata = { frame: frame + 1000, exposure: 0.01, position: 12.5 + frame, name: "scan-12" };
    return new Event(metadata, new Uint8Array(100), { run: RUN, timeMs: 1.7e12 + frame });
  });
}
