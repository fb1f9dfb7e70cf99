import { RejectedError } from "../../errors.ts";
import type { Limits } from "../../message/limits.ts";
import { pathOf, quoted } from "../../message/msgpack/path.ts";
import { isRefusedKey } from "../../message/msgpack/refused-keys.ts";
import { TextCache } from "../../message/msgpack/text.ts";
import { CborBytes, INDEFINITE } from "./cbor-bytes.ts";

/** Says where a tagged value stands and what it is. */
export interface Tagged {
  readonly tag: number;
  readonly value: unknown;
  /** The bytes of the whole value with its tag. */
  readonly item: Uint8Array;
  /** The tag directly around this one. */
  readonly outer: number | undefined;
  /** The tag around the list in which this value stands second. */
  readonly listed: number | undefined;
  readonly place: string;
}

/** Makes of a tagged value what it stands for; names the place where it refuses one. */
export type MakeTagged = (tagged: Tagged) => unknown;

type Frame =
  | { readonly kind: "tag"; readonly tag: number; readonly start: number }
  | { readonly kind: "list"; readonly list: unknown[]; left: number }
  | { readonly kind: "map"; readonly map: Record<string, unknown>; left: number; key: string | undefined };

/** Stands for a value that is not complete yet. */
const OPEN: unique symbol = Symbol("open");

const keys = new TextCache();

/** Reads one CBOR value. Byte strings are views; nesting costs no stack, and what is claimed must fit into the bytes. */
export function decodeCbor(bytes: Uint8Array, limits: Limits, make: MakeTagged): unknown {
  return new Decoder(bytes, limits, make).decode();
}

class Decoder {
  readonly #in: CborBytes;
  readonly #limits: Limits;
  readonly #make: MakeTagged;
  readonly #stack: Frame[] = [];
  #making = false;

  constructor(bytes: Uint8Array, limits: Limits, make: MakeTagged) {
    this.#in = new CborBytes(bytes, limits.maxHeaderBytes);
    this.#limits = limits;
    this.#make = make;
  }

  decode(): unknown {
    try {
      while (true) {
        let value = this.#next();
        while (value !== OPEN) {
          const frame = this.#stack.at(-1);
          if (frame === undefined) return this.#in.expectEnd(value);
          value = this.#give(frame, value);
        }
      }
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      const place = this.#making ? "" : this.#place();
      throw place === "" ? error : new RejectedError(`${place}: ${error.reason}`);
    }
  }

  /** Reads the next item; OPEN where its contents follow. */
  #next(): unknown {
    const start = this.#in.at;
    const { major, info } = this.#in.head();
    if (major === 7) return info === INDEFINITE ? this.#close() : this.#in.simple(info);
    if (major === 2) return this.#in.byteString(info);
    if (major === 3) return this.#in.text(info, keys);
    if (major === 0) return this.#in.integer(info);
    if (major === 1) {
      const value = this.#in.integer(info);
      return typeof value === "number" && value < Number.MAX_SAFE_INTEGER ? -1 - value : -1n - BigInt(value);
    }
    if (this.#stack.length >= this.#limits.maxDepth) throw new RejectedError("nested too deeply");
    if (major === 6) {
      const tag = this.#in.integer(info);
      this.#stack.push({ kind: "tag", tag: Number(tag), start });
      return OPEN;
    }
    const left = info === INDEFINITE ? Number.POSITIVE_INFINITY : this.#in.count(info, major === 5 ? 2 : 1);
    if (major === 4) {
      if (left === 0) return [];
      this.#stack.push({ kind: "list", list: [], left });
    } else {
      if (left === 0) return {};
      this.#stack.push({ kind: "map", map: {}, left, key: undefined });
    }
    return OPEN;
  }

  /** Gives a value to what it stands in; what that makes of it, or OPEN where more is to come. */
  #give(frame: Frame, value: unknown): unknown {
    if (frame.kind === "tag") {
      const made = this.#tagged(frame, value);
      this.#stack.pop();
      return made;
    }
    if (frame.kind === "list") {
      frame.list.push(value);
      frame.left -= 1;
      if (frame.left > 0) return OPEN;
      this.#stack.pop();
      return frame.list;
    }
    if (frame.key === undefined) {
      frame.key = checkedKey(value, frame.map);
      return OPEN;
    }
    frame.map[frame.key] = value;
    frame.key = undefined;
    frame.left -= 1;
    if (frame.left > 0) return OPEN;
    this.#stack.pop();
    return frame.map;
  }

  /** Ends what was opened without a length. */
  #close(): unknown {
    const frame = this.#stack.at(-1);
    if (frame === undefined || frame.kind === "tag" || frame.left !== Number.POSITIVE_INFINITY) {
      throw new RejectedError("an end where nothing can end");
    }
    if (frame.kind === "map" && frame.key !== undefined) throw new RejectedError("a map ends behind a key");
    this.#stack.pop();
    return frame.kind === "map" ? frame.map : frame.list;
  }

  #tagged({ tag, start }: Frame & { readonly kind: "tag" }, value: unknown): unknown {
    const [around, holder] = [this.#stack.at(-2), this.#stack.at(-3)];
    const second = around?.kind === "list" && around.list.length === 1;
    this.#making = true;
    const made = this.#make({
      tag,
      value,
      item: this.#in.from(start),
      outer: around?.kind === "tag" ? around.tag : undefined,
      listed: second && holder?.kind === "tag" ? holder.tag : undefined,
      place: this.#place(),
    });
    this.#making = false;
    return made;
  }

  #place(): string {
    const steps: (string | number)[] = [];
    for (const frame of this.#stack) {
      if (frame.kind === "map" && frame.key !== undefined) steps.push(frame.key);
      // The lists of a tag are its form, not a place that a user knows.
      else if (frame.kind === "tag") break;
      else if (frame.kind === "list") steps.push(frame.list.length);
    }
    return pathOf(steps);
  }
}

function checkedKey(key: unknown, map: object): string {
  if (typeof key !== "string") throw new RejectedError("a key is not text");
  if (isRefusedKey(key)) throw new RejectedError(`the key ${quoted(key)} is refused`);
  if (Object.hasOwn(map, key)) throw new RejectedError(`the key ${quoted(key)} stands twice`);
  return key;
}
