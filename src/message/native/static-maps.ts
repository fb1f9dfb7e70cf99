import { UsageError } from "../../errors.ts";
import type { Payload } from "../message.ts";
import type { Packer } from "../msgpack/index.ts";
import { type DType, isNdArray, type NdArray } from "../ndarray.ts";
import type { Entries } from "./entries.ts";

const LONGEST = 0xffff;

/** Encodes static maps; the last one is kept, because the next message has the same. */
export class StaticMaps {
  readonly #packer: Packer;
  #run: string | undefined;
  #stream = "";
  #partition = "";
  #dtype: DType | undefined;
  #shape: readonly number[] | undefined;
  #unknown: Entries | undefined;
  #bytes: Uint8Array | undefined;

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  /** Gives the map of a run, the first source's stream and partition, and the payload where it is an array. */
  of(
    run: string | undefined,
    stream: string,
    partition: string,
    payload: Payload | undefined,
    unknown: Entries | undefined,
  ): Uint8Array {
    const array = payload !== undefined && isNdArray(payload) ? payload : undefined;
    if (
      this.#bytes !== undefined &&
      this.#run === run &&
      this.#stream === stream &&
      this.#partition === partition &&
      this.#dtype === array?.dtype &&
      this.#unknown === unknown &&
      isSameShape(this.#shape, array?.shape)
    ) {
      return this.#bytes;
    }
    this.#bytes = undefined;
    const bytes = this.#encode(run, stream, partition, array, unknown);
    this.#run = run;
    this.#stream = stream;
    this.#partition = partition;
    this.#dtype = array?.dtype;
    this.#shape = array === undefined ? undefined : [...array.shape];
    this.#unknown = unknown;
    this.#bytes = bytes;
    return bytes;
  }

  #encode(
    run: string | undefined,
    stream: string,
    partition: string,
    array: NdArray<DType> | undefined,
    unknown: Entries | undefined,
  ): Uint8Array {
    const packer = this.#packer;
    packer.reset();
    packer.mapHeader(1 + (run === undefined ? 0 : 1) + (array === undefined ? 0 : 1) + (unknown?.count ?? 0));
    if (run !== undefined) {
      packer.string("run");
      packer.value(checked(run, "run"), "run", 1);
    }
    packer.string("origin");
    packer.value([checked(stream, "origin.stream"), checked(partition, "origin.partition")], "origin", 1);
    if (array !== undefined) {
      packer.string("array");
      packer.value([array.dtype, ...array.shape], "array", 1);
    }
    if (unknown !== undefined) packer.raw(unknown.bytes);
    const bytes = new Uint8Array(packer.finish());
    if (bytes.length > LONGEST) {
      throw new UsageError(`event: run, stream and partition need ${bytes.length} bytes; at most ${LONGEST} fit`);
    }
    return bytes;
  }
}

function checked(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new UsageError(`${name}: expected text, got ${typeof value}`);
}

function isSameShape(known: readonly number[] | undefined, shape: readonly number[] | undefined): boolean {
  if (known === undefined || shape === undefined) return known === shape;
  if (known.length !== shape.length) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== shape[i]) return false;
  return true;
}
