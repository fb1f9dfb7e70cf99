import assert from "node:assert/strict";
import { Packr } from "msgpackr";
import { decode, find, findIn, Packer, skim } from "../../src/message/msgpack/index.ts";
import { micro } from "../micro.ts";
import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";

const LIMITS = { maxDepth: 64 };
const COUNT = 64;
const BYTES = 207;

/** Measures our MessagePack beside msgpackr on the same header maps. */
export const msgpack: Row = { name: "msgpack", measure };

async function measure(size: Size): Promise<Findings> {
  const maps = headers(COUNT);
  const packr = new Packr({ useRecords: false, mapsAsObjects: true });
  const packer = new Packer();
  const encode = (map: Record<string, unknown>): Uint8Array => {
    packer.reset(0);
    packer.value(map, "header");
    return packer.finish();
  };
  const encoded = maps.map(encode);
  for (const [index, bytes] of encoded.entries()) {
    assert.equal(bytes.length, BYTES);
    assert.deepEqual(decode(bytes, 0, bytes.length, LIMITS), maps[index]);
    assert.deepEqual(packr.unpack(bytes), maps[index]);
    assert.deepEqual(packr.unpack(packr.pack(maps[index])), maps[index]);
    assert.equal(findIn(bytes, 0, bytes.length, "metadata", "shutter"), index % 2 === 0);
  }
  const bytes = (index: number): Uint8Array => encoded[index] as Uint8Array;
  const map = (index: number): Record<string, unknown> => maps[index] as Record<string, unknown>;
  const found = await micro(
    size,
    {
      decode: (index) => decode(bytes(index), 0, BYTES, LIMITS),
      "decode, msgpackr": (index) => packr.unpack(bytes(index)),
      encode: (index) => encode(map(index)),
      "encode, msgpackr": (index) => packr.pack(map(index)),
      skim: (index) => skim(bytes(index), 0, BYTES, LIMITS),
      "find, 4th key": (index) => find(bytes(index), 0, BYTES, "trace"),
      "find, last key of the metadata": (index) => findIn(bytes(index), 0, BYTES, "metadata", "shutter"),
    },
    COUNT,
  );
  return {
    title: "MessagePack, a header map of 207 bytes",
    method:
      "ns for each map, beside msgpackr in the same process, on maps whose values differ. Both decode what both have " +
      "encoded to equal objects. Ours also checks depth, refused keys and that no byte is left over. For information.",
    lines: [
      ...Object.entries(found).map(([what, values]) => ({ what, values })),
      { what: "decode, speed of ours / msgpackr", values: ratios(found["decode, msgpackr"], found.decode) },
      { what: "encode, speed of ours / msgpackr", values: ratios(found["encode, msgpackr"], found.encode) },
    ],
  };
}

/** Header maps of one run: what changes from message to message changes here too. */
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
