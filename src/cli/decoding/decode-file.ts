import { loadCodec } from "../../config/registry.ts";
import { RejectedError, text } from "../../errors.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import { DEFAULT_LIMITS, type Limits, limitsOf } from "../../message/limits.ts";
import { conventionOf, optionsFor } from "./conventions.ts";
import { findMessage, folderOf, type MessageFile, readMessageFile } from "./message-file.ts";
import { isBlob, toldBlob } from "./told-blob.ts";
import { type Telling, type ToldMessage, toldMessage } from "./told-message.ts";

/** Is what is told of a file that could not be decoded. */
export interface Refused {
  readonly rejected: true;
  readonly reason: string;
}

/** Says how files are decoded. */
export interface Decoding extends Telling {
  /** The name of a codec, or of a compression of bare blobs. */
  readonly format: string;
  /** Options of the codec, which win over what a file says. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What whoever compressed bare blobs knows of them. */
  readonly params?: unknown;
}

/** What a message may have; one of many channels has two parts for each. */
export const LIMITS: Limits = { ...DEFAULT_LIMITS, maxFrames: 65_536 };
/** Messages that follow one another by `after`. */
const MOST_BEFORE = 64;

/** Decodes the message in a file; what cannot be decoded is told with the reason. Never throws. */
export async function decodeFile(path: string, decoding: Decoding): Promise<ToldMessage | Refused> {
  try {
    const file = await readMessageFile(path);
    try {
      return await told(file, path, decoding);
    } catch (error) {
      if (file.isContainer || isBlob(decoding.format) || !(error instanceof RejectedError)) throw error;
      const reason = `${error.reason} (read as the bytes of one message: the file is no container with frames)`;
      throw new RejectedError(reason, { cause: error });
    }
  } catch (error) {
    return refusedBy(error);
  }
}

/** Tells why something could not be decoded. */
export function refusedBy(error: unknown): Refused {
  return { rejected: true, reason: error instanceof RejectedError ? error.reason : text(error) };
}

async function told(file: MessageFile, path: string, decoding: Decoding): Promise<ToldMessage> {
  const { format, options, params } = decoding;
  if (isBlob(format)) return toldBlob(format, { ...file, params: file.params ?? params }, decoding);
  checkTransport(format, file);
  const codec = await loadCodec(format, { ...optionsFor(format, file), ...options });
  const read = codec.reader({ ...limitsOf(codec), maxFrames: LIMITS.maxFrames });
  for (const before of await filesBefore(file, path)) wireMessages(before).map((frames) => read(frames));
  const decoded = wireMessages(file).flatMap((frames) => read(frames));
  // What a reader makes by itself, as the Start of a stream without any, goes before the message.
  return toldMessage(decoded.at(-1) ?? refuseNothing(codec, file), conventionOf(codec), decoding);
}

/** Reads the files that a file names, in the order in which the reader must see them. */
async function filesBefore(file: MessageFile, path: string): Promise<readonly MessageFile[]> {
  const before: MessageFile[] = [];
  for (let { after } = file; after !== undefined; after = before[0]?.after) {
    if (before.length === MOST_BEFORE) throw new RejectedError(`after: more than ${MOST_BEFORE} messages, one by one`);
    before.unshift(await readMessageFile(await findMessage(folderOf(path), after)));
  }
  return before;
}

function wireMessages({ frames, framing }: MessageFile): readonly (readonly Uint8Array[])[] {
  if (framing === undefined || framing === "multipart") return [frames];
  if (framing === "messages") return frames.map((frame) => [frame]);
  throw new RejectedError(`framing: "${framing}" is not known; there are messages and multipart`);
}

/** Browsers get text and bytes as messages of two kinds; one in place of the other is no message to them. */
function checkTransport(format: string, { transport, frames }: MessageFile): void {
  if (format !== "arroyosas" || transport === undefined) return;
  const [kind] = /^websocket (?:text|binary)$/.exec(transport) ?? [];
  if (kind === undefined) throw new RejectedError(`transport: "${transport}" is not known`);
  const isText = /^\s*\{/.test(Buffer.from(frames[0]?.subarray(0, 64) ?? []).toString("latin1"));
  if (isText === kind.endsWith("text")) return;
  throw new RejectedError(`transport: a ${kind} message is expected to hold ${isText ? "MessagePack" : "a JSON text"}`);
}

function refuseNothing(codec: Codec, { frames }: MessageFile): Decoded {
  const what = frames.length === 0 ? "the message has no frames" : "no message is complete";
  throw new RejectedError(codec.name === "arroyoxps" ? "frame: missing behind the header of an event" : what);
}
