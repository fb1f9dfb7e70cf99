import { pathOf } from "./path.ts";
import { readText } from "./text.ts";

/** Names the place of the value that begins at `at`, by one walk over the bytes before it, which must be sound. */
export function placeOf(bytes: Uint8Array, start: number, at: number): string {
  const open: Open[] = [];
  let offset = start;
  for (;;) {
    while (open.at(-1)?.left === 0) {
      open.pop();
      finishOne(open);
    }
    if (offset >= at) break;
    const inside = open.at(-1);
    const head = headOf(bytes, offset);
    offset += head.size;
    if (inside?.isMap === true && inside.key === undefined) {
      inside.key = readText(bytes, offset, offset + head.length) ?? "";
      offset += head.length;
    } else if (head.items >= 0) {
      open.push({ isMap: head.isMap, left: head.items, index: 0, key: undefined });
    } else {
      offset += head.length;
      finishOne(open);
    }
  }
  return pathOf(open.flatMap((one) => (one.isMap ? (one.key ?? []) : one.index)));
}

/** A map or an array in which the walk is: what it has read of it. */
interface Open {
  readonly isMap: boolean;
  left: number;
  index: number;
  key: string | undefined;
}

function finishOne(open: readonly Open[]): void {
  const inside = open.at(-1);
  if (inside === undefined) return;
  inside.left--;
  inside.index++;
  inside.key = undefined;
}

/** The bytes of tag and size, the bytes of content that follow, and the items of a map or array (else -1). */
interface Head {
  readonly size: number;
  readonly length: number;
  readonly items: number;
  readonly isMap: boolean;
}

function headOf(bytes: Uint8Array, at: number): Head {
  const tag = bytes[at] as number;
  if (tag < 0x80 || tag >= 0xe0) return scalar(0);
  if (tag < 0x90) return container(1, tag & 15, true);
  if (tag < 0xa0) return container(1, tag & 15, false);
  if (tag < 0xc0) return scalar(tag & 31);
  if (tag >= 0xc4 && tag <= 0xc6) return sized(bytes, at, 1 << (tag - 0xc4));
  if (tag >= 0xd9 && tag <= 0xdb) return sized(bytes, at, 1 << (tag - 0xd9));
  if (tag >= 0xdc) {
    const width = tag % 2 === 0 ? 2 : 4;
    return container(1 + width, numberOf(bytes, at + 1, width), tag >= 0xde);
  }
  if (tag === 0xca) return scalar(4);
  if (tag === 0xcb) return scalar(8);
  return scalar(tag < 0xcc ? 0 : 1 << (tag & 3));
}

function scalar(length: number): Head {
  return { size: 1, length, items: -1, isMap: false };
}

function sized(bytes: Uint8Array, at: number, width: number): Head {
  return { size: 1 + width, length: numberOf(bytes, at + 1, width), items: -1, isMap: false };
}

function container(size: number, items: number, isMap: boolean): Head {
  return { size, length: 0, items, isMap };
}

function numberOf(bytes: Uint8Array, at: number, width: number): number {
  let number = 0;
  for (let i = 0; i < width; i++) number = number * 256 + (bytes[at + i] as number);
  return number;
}
