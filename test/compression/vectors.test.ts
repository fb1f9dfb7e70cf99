import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Compression, compress, decompress, type ElementSize } from "../../src/compression/index.ts";
import { RejectedError } from "../../src/errors.ts";
import { type Vector, vectorsOf } from "../formats/vectors.ts";
import { EACH } from "./both-kernels.ts";

interface Params {
  readonly elemSize: ElementSize;
  readonly rawBytes: number;
}
const vectors = vectorsOf("bslz4") as readonly (Vector & { readonly params: Params })[];

const REASONS: Readonly<Record<string, RegExp>> = {
  "bad-truncated": /^the compressed bytes end early/,
  "bad-truncated-header": /shorter than their header/,
  "bad-raw-size-claim": /claim a size of 17592186044416 bytes, not 8000/,
  "bad-raw-size-small": /claim a size of 7992 bytes, not 8000/,
  "bad-block-size-odd": /blocks of 8190 bytes, which is no multiple of 8 elements of 4/,
  "bad-block-length-past-end": /^the compressed bytes end early/,
  "bad-lz4-offset-zero": /refers to what is before it/,
  "bad-lz4-offset-outside": /refers to what is before it/,
  "bad-lz4-bomb": /^an LZ4 block is longer than its size/,
};

describe.each(EACH)("bslz4 - vectors, %s", (_, using) => {
  for (const { name, frames, params, expect: expected } of vectors) {
    test(name, () => {
      const [bytes] = frames as [Uint8Array];
      const { elemSize: elementSize, rawBytes } = params;
      if ("rejected" in expected) {
        const framed: Compression = { name: "bslz4", elementSize, framing: "framed" };
        const refused = (): unknown => decompress(framed, bytes, rawBytes, using);
        expect(refused).toThrow(RejectedError);
        expect(refused).toThrow(expect.objectContaining({ reason: expect.stringMatching(REASONS[name] as RegExp) }));
        return;
      }
      const framing = expected.metadata["header"] === "none" ? "headerless" : "framed";
      for (const taken of [framing, "either"] as const) {
        const raw = decompress({ name: "bslz4", elementSize, framing: taken }, bytes, rawBytes, using);
        expect(createHash("sha256").update(raw).digest("hex")).toBe(expected.arrays["data"]?.sha256);
        const again = compress({ name: "bslz4", elementSize, framing }, raw, using);
        const back = decompress({ name: "bslz4", elementSize, framing }, again, rawBytes, using);
        expect(Buffer.compare(back, raw)).toBe(0);
      }
    });
  }

  test("a reason is known for each hostile vector", () => {
    const hostile = vectors.filter(({ expect }) => "rejected" in expect).map(({ name }) => name);
    expect(Object.keys(REASONS).sort()).toEqual(hostile.sort());
  });
});
