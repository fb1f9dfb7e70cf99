import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Kafkajs } from "./load-kafkajs.ts";

/** What one compressed batch may hold: beyond that somebody means harm. */
const MOST_BYTES = 1024 * 1024 * 1024;

type Compress = (bytes: Uint8Array) => Promise<Buffer>;
type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

/** Puts Zstandard in where the library has none and this Node.js has it; what somebody put in before stays. */
export function provideCodec({ CompressionCodecs, CompressionTypes }: Kafkajs, type: number): void {
  if (type !== CompressionTypes.ZSTD || isThere(CompressionCodecs[CompressionTypes.ZSTD])) return;
  const { zstdCompress, zstdDecompress } = zlib as unknown as Record<string, ((...args: never[]) => void) | undefined>;
  if (zstdCompress === undefined || zstdDecompress === undefined) return;
  const compress = promisify(zstdCompress) as unknown as Compress;
  const decompress = promisify(zstdDecompress) as unknown as Decompress;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: (bytes: Buffer) => decompress(bytes, { maxOutputLength: MOST_BYTES }),
  });
}

function isThere(codec: () => unknown): boolean {
  try {
    codec();
    return true;
  } catch {
    return false;
  }
}
