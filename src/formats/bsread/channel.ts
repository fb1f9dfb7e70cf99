import { RejectedError } from "../../errors.ts";
import { checkedShape, type Document } from "../../message/documents/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { isRefusedKey } from "../../message/msgpack/refused-keys.ts";
import { type DType, isDType } from "../../message/ndarray.ts";

/** Names a way to compress values and headers. */
export type BsreadCompression = "none" | "lz4" | "bitshuffle_lz4";

/** Is a channel as the data header describes it, with what it leaves out. */
export interface Channel {
  readonly name: string;
  readonly type: DType | "string";
  /** In C order; left out for a single value, as which also an array of one element is sent. */
  readonly shape: readonly number[] | undefined;
  readonly bigEndian: boolean;
  readonly compression: BsreadCompression;
}

/** Reads the channels of a data header. */
export function readChannels(header: Document): readonly Channel[] {
  const { channels } = header;
  if (!Array.isArray(channels)) throw new RejectedError("channels: expected a list");
  const names = new Set<string>();
  return channels.map((description: unknown, index) => {
    if (typeof description !== "object" || description === null || Array.isArray(description)) {
      throw new RejectedError(`channels[${index}]: expected an object`);
    }
    const channel = readChannel(description as Document, index);
    if (names.has(channel.name)) throw new RejectedError(`channels: ${quoted(channel.name)} is there twice`);
    names.add(channel.name);
    return channel;
  });
}

function readChannel(description: Document, index: number): Channel {
  const { name, type = "float64", shape = [1], encoding = "little", compression } = description;
  if (typeof name !== "string" || isRefusedKey(name)) {
    throw new RejectedError(`channels[${index}].name: ${typeof name === "string" ? "is refused" : "expected text"}`);
  }
  const place = `channels[${quoted(name)}]`;
  if (encoding !== "little" && encoding !== "big") throw new RejectedError(`${place}.encoding: expected little or big`);
  const known = typeOf(type, place);
  const lengths = checkedShape(shape, `${place}.shape`);
  const isSingle = known === "string" || lengths.length === 0 || (lengths.length === 1 && lengths[0] === 1);
  return {
    name,
    type: known,
    // On the wire the fastest dimension comes first.
    shape: isSingle ? undefined : lengths.toReversed(),
    bigEndian: encoding === "big",
    compression: compressionOf(compression, `${place}.compression`),
  };
}

function typeOf(type: unknown, place: string): DType | "string" {
  const name = typeof type === "string" ? type.toLowerCase() : undefined;
  if (name === "string" || (isDType(name) && name !== "float16")) return name;
  throw new RejectedError(
    `${place}.type: ${typeof type === "string" ? `${quoted(type)} is not supported` : "expected text"}`,
  );
}

/** Reads the name of a compression; none where it is left out. */
export function compressionOf(name: unknown, place: string): BsreadCompression {
  if (name === undefined || name === null) return "none";
  if (name === "none" || name === "lz4" || name === "bitshuffle_lz4") return name;
  throw new RejectedError(
    `${place}: ${typeof name === "string" ? `${quoted(name)} is not supported` : "expected text"}`,
  );
}
