import { RejectedError } from "../../errors.ts";
import type { Limits } from "../limits.ts";

/** Bytes behind the tag that say how long the value is, and whether that is content that needs no object of its own. */
const BIN: Readonly<Record<number, number>> = { 196: 1, 197: 2, 198: 4 };
const TEXT: Readonly<Record<number, number>> = { 217: 1, 218: 2, 219: 4 };
const ARRAY: Readonly<Record<number, number>> = { 220: 2, 221: 4 };
const MAP: Readonly<Record<number, number>> = { 222: 2, 223: 4 };
const FIXED: Readonly<Record<number, number>> = {
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

/**
 * Refuses a document in which more than `maxHeaderBytes` are something else than the bytes of arrays: each byte of
 * structure can become an object many times its size. Looks at tags and lengths only; what cannot be read is left to
 * the decoder, which stops at the same place.
 */
export function checkStructure(bytes: Uint8Array, limits: Limits): void {
  if (bytes.length <= limits.maxHeaderBytes) return;
  let structure = 0;
  let open = 1;
  let at = 0;
  while (open > 0 && at < bytes.length) {
    const tag = bytes[at] as number;
    let behind = at + 1;
    let content = 0;
    open -= 1;
    if (tag >= 0xa0 && tag < 0xc0) behind += tag & 31;
    else if (tag >= 0x80 && tag < 0x90) open += 2 * (tag & 15);
    else if (tag >= 0x90 && tag < 0xa0) open += tag & 15;
    else if (tag >= 0xc0 && tag < 0xe0) {
      const width = BIN[tag] ?? TEXT[tag] ?? ARRAY[tag] ?? MAP[tag] ?? 0;
      const count = number(bytes, behind, width);
      behind += width + (FIXED[tag] ?? 0);
      if (tag in BIN) content = count;
      else if (tag in TEXT) behind += count;
      else if (tag in ARRAY) open += count;
      else if (tag in MAP) open += 2 * count;
    }
    structure += behind - at;
    if (structure > limits.maxHeaderBytes) {
      throw new RejectedError(`the message has more than ${limits.maxHeaderBytes} bytes beside its arrays`);
    }
    at = behind + content;
  }
}

function number(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = at; index < at + width; index += 1) value = value * 256 + (bytes[index] ?? 0);
  return value;
}
