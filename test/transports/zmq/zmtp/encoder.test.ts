import { expect, test } from "vitest";
import { type Encoded, Encoder, encodedAlone } from "../../../../src/transports/zmq/zmtp/encoder.ts";
import { SEED, Seeded } from "../../../corpus/seeded.ts";

const KB = 1024;

/** What goes over the wire: for each frame its flags, its length and its bytes. */
function wire(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame, index) => {
      const more = index < frames.length - 1 ? 1 : 0;
      const head = Buffer.alloc(frame.length > 255 ? 9 : 2, more | (frame.length > 255 ? 2 : 0));
      if (frame.length > 255) head.writeBigUInt64BE(BigInt(frame.length), 1);
      else head[1] = frame.length;
      return [head, Buffer.from(frame)];
    }),
  );
}

const bytesOf = ({ parts }: Encoded): Buffer => Buffer.concat(parts);

/** Says how much of some bytes lies in the memory of others. */
function isWithin(parts: readonly Uint8Array[], frame: Uint8Array): boolean {
  return parts.some((part) => part.buffer === frame.buffer);
}

test("any frames, written later - are the bytes that they were, while blocks are used again", () => {
  const random = new Seeded(SEED);
  const encoder = new Encoder();
  const waiting: { readonly encoded: Encoded; readonly expected: Buffer }[] = [];
  const memories = new Set<ArrayBufferLike>();
  let parts = 0;
  for (let round = 0; round < 400; round += 1) {
    const expected: Buffer[] = [];
    for (let left = 1 + random.below(30); left > 0; left -= 1) {
      const lengths = Array.from({ length: 1 + random.below(3) }, () =>
        random.below(random.pick([10, 300, 20 * KB, 40 * KB])),
      );
      const frames = lengths.map((length) => new Uint8Array(length).fill(random.below(256)));
      encoder.add(frames);
      expected.push(wire(frames));
    }
    const encoded = encoder.take();
    encoded.holding?.begin();
    waiting.push({ encoded, expected: Buffer.concat(expected) });
    // Some are written at once, some late.
    while (waiting.length > 5) {
      const [{ encoded: written, expected: right }] = waiting.splice(random.below(waiting.length), 1) as [
        (typeof waiting)[0],
      ];
      expect(written.bytes).toBe(right.length);
      if (!bytesOf(written).equals(right)) throw new Error(`round ${round} of seed ${SEED}: other bytes`);
      for (const part of written.parts) if (part.buffer.byteLength === 64 * KB) memories.add(part.buffer);
      parts += written.parts.length;
      written.holding?.end();
    }
  }
  expect(parts).toBeGreaterThan(1000);
  expect(memories.size).toBeLessThan(100);
});

test("a block - is not used again before all who write from it are done", () => {
  const first = new Encoder();
  first.add([new Uint8Array(5 * KB).fill(1)]);
  const encoded = first.take();
  const [part = new Uint8Array()] = encoded.parts;
  encoded.holding?.begin();
  encoded.holding?.begin();
  first.close();
  const taken = (): boolean => {
    const encoder = new Encoder();
    encoder.add([new Uint8Array(5 * KB).fill(2)]);
    return isWithin(encoder.take().parts, part);
  };
  encoded.holding?.end();
  expect(taken()).toBe(false);
  encoded.holding?.end();
  expect(taken()).toBe(true);
});

test("a frame of 8 kB and more - goes by reference where that keeps little else alive", () => {
  const alone = new Uint8Array(10 * KB);
  expect(isWithin(encodedAlone([alone]).parts, alone)).toBe(true);
  const small = new Uint8Array(7 * KB);
  expect(isWithin(encodedAlone([small]).parts, small)).toBe(false);
  const chunk = new ArrayBuffer(256 * KB);
  const cut = (index: number): Uint8Array => new Uint8Array(chunk, index * 10 * KB, 10 * KB);
  expect(isWithin(encodedAlone([cut(0)]).parts, cut(0))).toBe(false);
  const encoder = new Encoder();
  for (let index = 0; index < 25; index += 1) encoder.add([cut(index)]);
  const byReference = encoder.take().parts.filter((part) => part.buffer === chunk);
  expect(byReference).toHaveLength(19);
});

test("a frame of shared memory below 32 kB - is copied", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(10 * KB));
  expect(isWithin(encodedAlone([shared]).parts, shared)).toBe(false);
});

test("a little - takes no block along", () => {
  const encoded = encodedAlone([new Uint8Array(100).fill(3)]);
  expect(encoded.holding).toBeUndefined();
  expect(bytesOf(encoded).equals(wire([new Uint8Array(100).fill(3)]))).toBe(true);
  expect((encoded.parts[0] as Uint8Array).buffer.byteLength).toBe(102);
});
