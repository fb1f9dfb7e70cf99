import { afterEach, describe, expect, test, vi } from "vitest";
import type { ElementSize, Kernels } from "../../src/compression/kernels.ts";
import { lz4Bound } from "../../src/compression/kernels.ts";
import { wasmKernels } from "../../src/compression/wasm-kernels.ts";
import { RejectedError } from "../../src/errors.ts";
import { mutated } from "../corpus/mutations.ts";
import { MUTATIONS, SEED, Seeded } from "../corpus/seeded.ts";
import { BOTH, EACH } from "./both-kernels.ts";
import { apart, sample } from "./samples.ts";

const SIZES: readonly ElementSize[] = [1, 2, 4, 8];
const [wasm, javascript] = BOTH as [Kernels, Kernels];

afterEach(() => {
  vi.unstubAllGlobals();
});

function encoded(using: Kernels, raw: Uint8Array): Uint8Array {
  const target = new Uint8Array(lz4Bound(raw.length));
  return target.slice(0, using.encodeLz4(raw, target));
}

describe.each(EACH)("kernels - %s", (_, using) => {
  test("bits are shuffled as the description has it", () => {
    const raw = new Uint8Array(Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
    const rows = new Uint8Array(16);
    using.shuffle(raw, rows, 2);
    expect([...rows]).toEqual([0x55, 0x66, 0x78, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const back = new Uint8Array(16);
    using.unshuffle(rows, back, 2);
    expect(back).toEqual(raw);
  });

  test("row and bit of every element are where they belong", () => {
    for (const size of SIZES) {
      const count = 200;
      const raw = new Seeded(size).bytes(count * size);
      const rows = new Uint8Array(raw.length);
      using.shuffle(raw, rows, size);
      for (let element = 0; element < count; element += 1) {
        for (let bit = 0; bit < 8 * size; bit += 1) {
          const set = ((raw[element * size + (bit >> 3)] as number) >> (bit & 7)) & 1;
          const row = rows[(bit * count) / 8 + (element >> 3)] as number;
          if (((row >> (element & 7)) & 1) !== set) throw new Error(`size ${size}, element ${element}, bit ${bit}`);
        }
      }
    }
  });

  test(`shuffled elements come back, whatever their count (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (const size of SIZES) {
      for (let count = 0; count <= 400; count += 8) {
        const raw = sample(random, count * size);
        const rows = new Uint8Array(raw.length);
        using.shuffle(apart(raw), rows, size);
        const back = apart(new Uint8Array(raw.length));
        using.unshuffle(apart(rows), back, size);
        expect(Buffer.compare(back, raw), `${count} of ${size}`).toBe(0);
      }
    }
  });

  test("matches of every offset and length are copied rightly", () => {
    for (let offset = 1; offset <= 40; offset += 1) {
      for (const length of [4, 5, 15, 16, 17, 18, 19, 31, 33, 64, 255, 256, 300, 4000]) {
        const literals = Uint8Array.from({ length: offset }, (_, at) => at + 1);
        const match = length - 4;
        const extension = match < 15 ? [] : [...Array(Math.floor((match - 15) / 255)).fill(255), (match - 15) % 255];
        const head = offset < 15 ? [(offset << 4) | Math.min(match, 15)] : [0xf0 | Math.min(match, 15), offset - 15];
        const block = Uint8Array.from([...head, ...literals, offset, 0, ...extension, 0x10, 99]);
        const target = new Uint8Array(offset + length + 1);
        using.decodeLz4(block, target);
        const wanted = Uint8Array.from(target, (_, at) => (at === offset + length ? 99 : (at % offset) + 1));
        expect(Buffer.compare(target, wanted), `offset ${offset}, length ${length}`).toBe(0);
      }
    }
  });

  test(`LZ4 comes back, and obeys the rules for the end of a block (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 300; times += 1) {
      const raw = sample(random, random.below(random.chance(0.1) ? 200_000 : 300));
      const block = encoded(using, apart(raw));
      expect(block.length).toBeLessThanOrEqual(lz4Bound(raw.length));
      expectRules(block, raw.length);
      const target = apart(new Uint8Array(raw.length));
      using.decodeLz4(apart(block), target);
      expect(Buffer.compare(target, raw)).toBe(0);
    }
  });

  test("a block of at most 12 bytes is literals only", () => {
    for (let length = 0; length <= 12; length += 1)
      expect(encoded(using, new Uint8Array(length))).toHaveLength(length + 1);
  });

  test.each([
    ["nothing", [], 4, "ends early"],
    ["fewer literals than claimed", [0x40, 1, 2], 4, "ends early"],
    ["more literals than there is room", [0x40, 1, 2, 3, 4], 3, "longer than its size"],
    ["fewer bytes than the size", [0x20, 1, 2], 4, "shorter than its size"],
    ["a length that does not end", [0xf0, 255, 255], 100_000, "ends early"],
    ["half of an offset", [0x10, 1, 1], 10, "ends early"],
    ["an offset of 0", [0x10, 1, 0, 0, 0x10, 1], 10, "refers to what is before it"],
    ["an offset before the block", [0x10, 1, 2, 0, 0x10, 1], 10, "refers to what is before it"],
    ["a match as the first thing", [0x00, 1, 0, 0x10, 1], 10, "refers to what is before it"],
    ["a match that is too long", [0x1f, 1, 1, 0, 100, 0x10, 1], 10, "longer than its size"],
    ["an end behind a match", [0x10, 1, 1, 0], 5, "ends early"],
    ["two kilobytes of 255", [0xff, ...Array(2000).fill(255)], 10, "longer than its size|ends early"],
  ])("a block with %s is refused", (_, block, size, reason) => {
    const around = new Uint8Array(size + 64).fill(7);
    const refused = (): void => using.decodeLz4(Uint8Array.from(block as number[]), around.subarray(32, 32 + size));
    expect(refused).toThrow(RejectedError);
    expect(refused).toThrow(new RegExp(reason));
    expect([...around.subarray(0, 32), ...around.subarray(32 + size)].every((byte) => byte === 7)).toBe(true);
  });
});

describe("kernels - both", () => {
  test(`what one encodes the other decodes, in blocks of any size (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    for (let times = 0; times < 200; times += 1) {
      const size = random.pick(SIZES);
      const block = 8 * (1 + random.below(random.chance(0.2) ? 300_000 / size : 600));
      const raw = sample(random, 8 * size * random.below(random.chance(0.2) ? 9000 : 300));
      const room = raw.length + Math.ceil(raw.length / (block * size)) * (4 + lz4Bound(block * size));
      const blocks = BOTH.map((using) => {
        const target = new Uint8Array(room);
        return target.slice(0, using.encodeBslz4(raw, target, size, block));
      });
      expect(Buffer.compare(blocks[0] as Uint8Array, blocks[1] as Uint8Array), "the same bytes").toBe(0);
      for (const using of BOTH) {
        const back = apart(new Uint8Array(raw.length));
        using.decodeBslz4(apart(blocks[0] as Uint8Array), back, size, block);
        expect(Buffer.compare(back, raw)).toBe(0);
      }
    }
  });

  test(`damaged blocks are refused by both, or become the same (seed ${SEED})`, () => {
    const random = new Seeded(SEED);
    const good = Array.from({ length: 40 }, () => {
      const size = random.pick(SIZES);
      const raw = sample(random, 8 * size * (1 + random.below(40)));
      const target = new Uint8Array(2 * raw.length + 400);
      const blocks = target.slice(0, javascript.encodeBslz4(raw, target, size, 64));
      return { size, length: raw.length, blocks };
    });
    let taken = 0;
    for (let times = 0; times < MUTATIONS; times += 1) {
      const { size, length, blocks } = random.pick(good);
      const [damaged] = mutated([blocks], random);
      if (damaged === undefined) continue;
      const results = [wasm, javascript].map((using) =>
        attempt(() => {
          const target = new Uint8Array(length + 64).fill(9);
          using.decodeBslz4(damaged, target.subarray(32, 32 + length), size, 64);
          return target;
        }),
      );
      if (results[0] instanceof Uint8Array) {
        taken += 1;
        expect(Buffer.compare(results[0], results[1] as Uint8Array)).toBe(0);
      } else expect(results[0]).toEqual(results[1]);
    }
    expect(taken).toBeGreaterThan(0);
  });

  test("blocks too large for the memory of WebAssembly are worked on all the same", () => {
    const raw = new Uint8Array(40 * 1024 * 1024).fill(3);
    raw[raw.length >> 1] = 4;
    const block = encoded(wasm, raw);
    const target = new Uint8Array(raw.length);
    wasm.decodeLz4(block, target);
    expect(Buffer.compare(target, raw)).toBe(0);
    const rows = new Uint8Array(raw.length);
    wasm.shuffle(raw, rows, 4);
    wasm.unshuffle(rows, target, 4);
    expect(Buffer.compare(target, raw)).toBe(0);
  });

  test("without WebAssembly there is a warning, and JavaScript does the work", () => {
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    vi.stubGlobal("WebAssembly", undefined);
    expect(wasmKernels()).toBeUndefined();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("could not be loaded"));
  });

  test.each([
    ["1", "javascript"],
    ["", "wasm"],
  ])("ARROYO_NO_WASM=%s chooses %s", async (value, name) => {
    vi.resetModules();
    vi.stubEnv("ARROYO_NO_WASM", value);
    const { kernels } = await import("../../src/compression/index.ts");
    expect(kernels().name).toBe(name);
    expect(kernels()).toBe(kernels());
  });
});

function attempt(run: () => Uint8Array): Uint8Array | string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    // Of two things that are wrong each may find another one first.
    return "refused";
  }
}

/** Reads a block and checks that its end is as decoders of others want it. */
function expectRules(block: Uint8Array, rawBytes: number): void {
  let at = 0;
  let raw = 0;
  const extended = (length: number): number => {
    if (length < 15) return length;
    let sum = 15;
    let more = 255;
    while (more === 255) {
      more = block[at++] as number;
      sum += more;
    }
    return sum;
  };
  while (true) {
    const token = block[at++] as number;
    const literals = extended(token >> 4);
    at += literals;
    raw += literals;
    if (at === block.length) {
      expect(raw).toBe(rawBytes);
      if (raw > literals) expect(literals).toBeGreaterThanOrEqual(5);
      return;
    }
    expect(raw).toBeLessThanOrEqual(rawBytes - 12);
    at += 2;
    raw += 4 + extended(token & 15);
  }
}
