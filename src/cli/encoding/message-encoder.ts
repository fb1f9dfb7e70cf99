import { compress, isElementSize } from "../../compression/index.ts";
import { RejectedError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { readJson } from "../../message/json/json-reader.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { Message } from "../../message/message.ts";
import { bytesOf, isNdArray } from "../../message/ndarray.ts";
import { type BlobFormat, blobCompression } from "../decoding/told-blob.ts";
import { lineReader } from "../sending/line-message.ts";
import { isTold, toldReader } from "./told-line.ts";
import type { WireMessage } from "./written-file.ts";

/** A document may have as many levels as readers take, below those of the line. */
const MAX_DEPTH = DEFAULT_LIMITS.maxDepth + 8;

/** Makes the wire messages of a line of JSON: most formats make one. */
export type MessageEncoder = (line: string) => readonly WireMessage[];

/** Makes an encoder of a format; it is one writer, with what it remembers of the lines before. */
export function messageEncoder(codec: Codec, options: Readonly<Record<string, unknown>>): MessageEncoder {
  const write = codec.writer({ stream: "encode" });
  const read = messageReader(codec.name);
  const named = names();
  const { serializer } = options;
  let start: string | undefined;
  return (line) => {
    const message = read(line);
    const wire = write(message);
    const base = { format: codec.name, ...(typeof serializer === "string" && { serializer }) };
    if (codec.name !== "arroyoxps") return wire.map((frames) => ({ ...base, name: named(message.type), frames }));
    // The header of an event and its frame are messages of their own, which one file holds; only a start tells their size.
    const files: WireMessage[] = [];
    const frames = wire.map(([frame]) => frame as Uint8Array);
    if (message.type !== "start" && frames.length > (message.type === "event" ? 2 : 1)) {
      start = named("start");
      files.push({ ...base, name: start, framing: "messages", frames: [frames.shift() as Uint8Array] });
    }
    if (frames.length === 0) return files;
    const name = named(message.type);
    if (message.type === "start") start = name;
    const after = message.type === "event" && start !== undefined ? { after: start } : {};
    files.push({ ...base, name, framing: "messages", ...after, frames });
    return files;
  };
}

/** Makes an encoder of bare blobs. */
export function blobEncoder(name: BlobFormat): MessageEncoder {
  const read = messageReader(name);
  const named = names();
  return (line) => {
    const message = read(line);
    const payload = message.type === "event" ? message.payload : undefined;
    if (!isNdArray(payload)) throw new RejectedError("arrays.data: missing; a blob is made of one array");
    const { elemSize = payload.byteLength / payload.data.length, header } = (message as { metadata: Fields }).metadata;
    if (!isElementSize(elemSize)) throw new RejectedError("metadata.elemSize: expected 1, 2, 4 or 8");
    const raw = bytesOf(payload);
    const framing = header === "none" ? "headerless" : "framed";
    const frames = [compress(blobCompression(name, elemSize, framing), raw)];
    const { dtype, shape } = payload;
    return [{ format: name, name: named("blob"), params: { elemSize, rawBytes: raw.length, dtype, shape }, frames }];
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Takes what `arroyo decode` prints, and whatever `arroyo send` takes. */
function messageReader(format: string): (line: string) => Message {
  const told = toldReader(format);
  const plain = lineReader();
  return (line) => {
    const value = readJson(Buffer.from(line), { maxDepth: MAX_DEPTH, tags: false });
    return isTold(value) ? told(value) : plain(line);
  };
}

function names(): (kind: string) => string {
  let count = 0;
  return (kind) => {
    count += 1;
    return `${String(count).padStart(4, "0")}-${kind}`;
  };
}
