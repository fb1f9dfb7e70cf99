import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import { type DType, isNdArray, NdArray } from "../../message/ndarray.ts";
import type { Content, Convention, Kind } from "./conventions.ts";
import { type DescribedArray, describedArray, tagged } from "./tagged.ts";

/** Is a message as it is compared between readers; the form is that of `docs/decoding.md`. */
export interface ToldMessage {
  readonly kind: Kind;
  readonly run: string | null;
  readonly sequence: unknown;
  readonly metadata: unknown;
  readonly arrays: Readonly<Record<string, DescribedArray>>;
}

/** Says what is told of a message besides. */
export interface Telling {
  /** All bytes of the arrays, too. */
  readonly withData: boolean;
}

/** Tells a message in the form in which readers are compared. */
export function toldMessage(decoded: Decoded, convention: Convention | undefined, telling: Telling): ToldMessage {
  const { message, control } = decoded;
  const kind: Kind = control === true ? "control" : message.type;
  const content = (message.type === "event" ? message.metadata : message.data) as Content;
  convention?.check?.(content);
  const arrays = new Arrays(message.type === "event" ? message.payload : undefined, telling.withData);
  const bytesAreArrays = convention?.bytesAreArrays?.(content) === true;
  const metadata: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(content)) {
    if (convention?.beside?.includes(key) === true && isNdArray(value)) arrays.add(key, value);
    else if (convention?.keys?.includes(key) !== false) {
      const isBytes = bytesAreArrays && value instanceof Uint8Array;
      metadata[key] = arrays.taken(isBytes ? new NdArray(value, [value.length]) : value, key);
    }
  }
  arrays.rest();
  const run = kind === "control" ? undefined : convention === undefined ? message.run : convention.run(content, kind);
  const sequence = convention === undefined ? decoded.sequence : convention.sequence(content, kind);
  return { kind, run: textOf(run), sequence: tagged(sequence ?? null), metadata, arrays: arrays.described };
}

/** Collects the arrays of a message, under the paths at which they stand. */
class Arrays {
  readonly described: Record<string, DescribedArray> = {};
  readonly #withData: boolean;
  #payload: unknown;

  constructor(payload: unknown, withData: boolean) {
    this.#payload = payload;
    this.#withData = withData;
  }

  /** Gives a value as it is told, without its arrays. */
  taken(value: unknown, path: string): unknown {
    if (isNdArray(value)) return this.add(path, value);
    if (Array.isArray(value)) return value.map((item, index) => this.taken(item, `${path}/${index}`));
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return tagged(value);
    if (Object.hasOwn(value, "$payload")) {
      const payload = arrayOf(this.#payload);
      this.#payload = undefined;
      return payload === undefined ? null : this.add(path, payload);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.taken(item, `${path}/${key}`)]));
  }

  add(path: string, array: NdArray<DType>): { readonly $array: string } {
    try {
      this.described[path] = describedArray(array, this.#withData);
    } catch (error) {
      if (!(error instanceof RejectedError) || error.reason.startsWith(path.split("/")[0] as string)) throw error;
      throw new RejectedError(`${path}: ${error.reason}`, { cause: error });
    }
    return { $array: path };
  }

  /** Takes the payload that has no place in the content. */
  rest(): void {
    const payload = arrayOf(this.#payload);
    if (payload !== undefined) this.add("data", payload);
  }
}

/** Takes bytes for an array of uint8; no bytes for none. */
function arrayOf(payload: unknown): NdArray<DType> | undefined {
  if (isNdArray(payload)) return payload;
  if (!(payload instanceof Uint8Array) || payload.length === 0) return undefined;
  return new NdArray<DType>(payload, [payload.length], "uint8");
}

function textOf(run: unknown): string | null {
  return run === undefined || run === null ? null : String(run);
}
