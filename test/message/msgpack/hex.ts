import { type DecodeLimits, decode, Packer } from "../../../src/message/msgpack/index.ts";

/** The bounds that the tests read with unless a test is about bounds. */
export const LIMITS: DecodeLimits = { maxDepth: 64 };

/** Makes bytes from hexadecimal text; blanks are for the eye, and `"ab" * 3` repeats. */
export function bytesOf(hex: string): Uint8Array {
  const repeated = hex.replace(/([0-9a-f]{2})\*(\d+)/g, (_, byte: string, times: string) => byte.repeat(Number(times)));
  return new Uint8Array(Buffer.from(repeated.replaceAll(" ", ""), "hex"));
}

/** Makes hexadecimal text from bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");
}

/** Encodes one value by a packer of its own. */
export function encode(value: unknown, path = "value"): Uint8Array {
  const packer = new Packer();
  packer.reset();
  packer.value(value, path);
  return new Uint8Array(packer.finish());
}

/** Decodes bytes that are one value. */
export function decodeAll(bytes: Uint8Array, limits: DecodeLimits = LIMITS): unknown {
  return decode(bytes, 0, bytes.length, limits);
}
