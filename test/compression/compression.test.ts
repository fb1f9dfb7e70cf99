import { describe, expect, test } from "vitest";
import { framedBlocks } from "../../src/compression/bslz4.ts";
import { decodeBszstd, encodeBszstd, type Zstd, zstd } from "../../src/compression/bszstd.ts";
import {
  type Compression,
  checkCompressed,
  claimedBytes,
  compress,
  decompress,
  decompressInto,
} from "../../src/compression/index.ts";
import { RejectedError } from "../../src/errors.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { EACH } from "./both-kernels.ts";
import { apart, sample } from "./samples.ts";

const WAYS: readonly Compression[] = [
  ...([1, 2, 4, 8] as const).flatMap((elementSize) =>
    (["framed", "headerless", "either"] as const).map((framing) => ({ name: "bslz4" as const, elementSize, framing })),
  ),
  ...(["block", "framed", "sized-little", "sized-big", "any"] as const).map((framing) => ({
    name: "lz4" as const,
    framing,
  })),
];
const nameOf = (way: Compression): string => Object.values(way).join(" ");

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(RejectedError);
    return (error as RejectedError).reason;
  }
  throw new Error("it was not refused");
}

describe.each(EACH)("compression - %s", (_, using) => {
  test.each(WAYS.map((way) => [nameOf(way), way] as const))(
    `%s - bytes of any length come back (seed ${SEED})`,
    (_, way) => {
      const random = new Seeded(SEED);
      for (const length of [0, 1, 7, 8, 9, 63, 64, 65, 1000, 8191, 8192, 8193, 70_001]) {
        const raw = sample(random, length);
        const bytes = compress(way, apart(raw), using);
        expect(Buffer.compare(decompress(way, apart(bytes), length, using), raw), `${length} bytes`).toBe(0);
        const shared = new Uint8Array(new SharedArrayBuffer(length + 5), 3, length);
        decompressInto(way, bytes, shared, using);
        expect(Buffer.compare(new Uint8Array(shared), raw), `${length} bytes into shared memory`).toBe(0);
      }
    },
  );

  test.each(WAYS.map((way) => [nameOf(way), way] as const))(
    "%s - what is cut short or too long is refused",
    (_, way) => {
      const raw = sample(new Seeded(5), 30_000);
      const bytes = compress(way, raw, using);
      for (const length of [0, 1, 3, 11, 12, 13, 16, bytes.length - 1]) {
        reasonOf(() => decompress(way, bytes.slice(0, length), raw.length, using));
      }
      reasonOf(() => decompress(way, new Uint8Array([...bytes, 0]), raw.length, using));
      reasonOf(() => decompress(way, bytes, raw.length - 1, using));
      reasonOf(() => decompress(way, bytes, raw.length + 1, using));
    },
  );

  test("blocks that LZ4 does not make smaller are stored as they are when framed", () => {
    const raw = new Seeded(1).bytes(1000);
    const bytes = compress({ name: "lz4", framing: "framed" }, raw, using);
    expect(bytes).toHaveLength(12 + 4 + 1000);
    expect(decompress({ name: "lz4", framing: "framed" }, bytes, 1000, using)).toEqual(raw);
  });

  test("without knowing how LZ4 is framed the size that fits is found; a bare block is the last resort", () => {
    const raw = sample(new Seeded(3), 5000);
    for (const framing of ["block", "framed", "sized-little", "sized-big"] as const) {
      const bytes = compress({ name: "lz4", framing }, raw, using);
      expect(decompress({ name: "lz4", framing: "any" }, bytes, 5000, using)).toEqual(raw);
    }
  });
});

describe("compression - claims", () => {
  const framed: Compression = { name: "bslz4", elementSize: 4, framing: "framed" };
  const header = (raw: bigint, block: number): Uint8Array => {
    const bytes = Buffer.alloc(100);
    bytes.writeBigUInt64BE(raw);
    bytes.writeUInt32BE(block, 8);
    return new Uint8Array(bytes);
  };

  test("the size must be the expected one, and blocks must be of whole groups of elements", () => {
    expect(reasonOf(() => checkCompressed(framed, header(2n ** 63n, 8192), 8000))).toMatch(
      /claim a size of 9223372036854776000/,
    );
    expect(reasonOf(() => checkCompressed(framed, header(8000n, 0), 8000))).toMatch(/blocks of 0 bytes/);
    expect(reasonOf(() => checkCompressed(framed, header(8000n, 8176), 8000))).toMatch(
      /no multiple of 8 elements of 4/,
    );
    expect(() => checkCompressed(framed, header(8000n, 32), 8000)).not.toThrow();
  });

  test("a size that so few bytes cannot have is refused before memory is taken for it", () => {
    const most = 2 ** 40;
    expect(reasonOf(() => decompress(framed, header(BigInt(most), 8192), most))).toBe(
      "100 compressed bytes cannot become 1099511627776",
    );
    expect(reasonOf(() => decompress({ name: "lz4", framing: "block" }, new Uint8Array(3), 2 ** 33))).toMatch(
      /cannot become/,
    );
  });

  test("a size that no shape says is taken from the bytes, within a bound", () => {
    const raw = new Uint8Array(9000);
    for (const way of [
      framed,
      ...(["framed", "sized-little", "sized-big"] as const).map((framing) => ({ name: "lz4" as const, framing })),
    ]) {
      const bytes = compress(way, raw);
      expect(claimedBytes(way, bytes, 9000)).toBe(9000);
      expect(reasonOf(() => claimedBytes(way, bytes, 8999))).toBe(
        "the compressed bytes claim 9000 bytes, at most 8999 are taken",
      );
    }
    expect(reasonOf(() => claimedBytes({ name: "lz4", framing: "block" }, raw, 1))).toMatch(/not known/);
  });
});

describe("compression - bszstd", () => {
  const way: Compression = { name: "bszstd", elementSize: 2 };
  /** Takes the place of Zstandard: what is written is behind a byte. */
  const stored: Zstd = {
    zstdCompressSync: (raw) => new Uint8Array([1, ...raw]),
    zstdDecompressSync: (bytes, { maxOutputLength }) => {
      if (bytes[0] !== 1 || bytes.length - 1 > maxOutputLength) throw new Error("no");
      return bytes.slice(1);
    },
  };

  test.each(EACH)("%s - blocks are framed as in bslz4", (_, using) => {
    for (const length of [0, 15, 16, 8192, 20_007]) {
      const raw = sample(new Seeded(length), length);
      const bytes = encodeBszstd(raw, 2, using, stored);
      const target = new Uint8Array(length);
      decodeBszstd(bytes, framedBlocks(bytes, 2, length), 2, target, using, stored);
      expect(Buffer.compare(target, raw)).toBe(0);
      for (const damaged of [bytes.slice(0, -1), new Uint8Array([...bytes, 1])]) {
        reasonOf(() => decodeBszstd(damaged, framedBlocks(bytes, 2, length), 2, target, using, stored));
      }
    }
  });

  test("every Node reads it; one without Zstandard says that it cannot write it", () => {
    // One block of eight elements, shuffled, which are eight zeros and eight ones: bytes as they are in a frame.
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x10, 0x81, 0, 0, 0xff, ...Array.from({ length: 15 }, () => 0)];
    const framing = [0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, frame.length];
    const ones = new Uint8Array(16).map((_, at) => (at % 2 === 0 ? 1 : 0));
    expect(decompress(way, Uint8Array.from([...framing, ...frame]), 16)).toEqual(ones);
    if (zstd() === undefined) {
      expect(() => compress(way, new Uint8Array(64))).toThrow(
        "bszstd: this Node cannot write Zstandard; use Node 22.15 or later, or bslz4 instead of bszstd",
      );
      return;
    }
    const raw = sample(new Seeded(1), 30_001);
    expect(decompress(way, compress(way, raw), raw.length)).toEqual(raw);
  });
});
