import { cutShort } from "./fault.ts";

/** Reads the byte behind the tag at `at`. */
export function uint8(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) throw cutShort(at, end);
  return bytes[at + 1] as number;
}

/** Reads the two bytes behind the tag at `at`. */
export function uint16(bytes: Uint8Array, at: number, end: number): number {
  if (at + 3 > end) throw cutShort(at, end);
  return ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Reads the four bytes behind the tag at `at`. */
export function uint32(bytes: Uint8Array, at: number, end: number): number {
  if (at + 5 > end) throw cutShort(at, end);
  return four(bytes, at + 1);
}

/** Reads four bytes that are known to be there. */
export function four(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
