import { RejectedError } from "../../../errors.ts";
import type { Codec } from "../../../message/codec.ts";
import { Event } from "../../../message/event.ts";
import { checkFrames } from "../../../message/frames.ts";
import { bytesOf, isNdArray } from "../../../message/ndarray.ts";

/** Says of a file what its event says. */
export type FileMetadata = {
  /** Below the watched folder, with "/" between its parts. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** When it was changed last, in milliseconds since 1970 UTC. */
  readonly mtimeMs: number;
};

/** Is what a `FilesListener` brings: a file that is complete. */
export type FileEvent = Event<FileMetadata, Uint8Array>;

/** Makes the first of the two frames that a file is handed over as; a file that is refused has only this one. */
export function describeFile(file: FileMetadata, refused?: string): Uint8Array {
  const { path, size, mtimeMs } = file;
  return Buffer.from(
    JSON.stringify(refused === undefined ? { path, size, mtimeMs } : { path, size, mtimeMs, refused }),
  );
}

/** Is the form in which files are handed over, and kept as dead letters: what stands in the metadata, then the content. */
export const filesCodec: Codec = Object.freeze({
  name: "files/1",
  reader: (limits) => (frames) => {
    const { path, size, mtimeMs, refused } = metadataOf(frames[0]);
    if (refused !== undefined) throw new RejectedError(refused);
    checkFrames(frames, limits);
    const content = frames[1];
    if (content === undefined || frames.length > 2) throw new RejectedError("a file has two frames");
    return [{ message: new Event({ path, size, mtimeMs }, content, { key: path, timeMs: mtimeMs }) as Event }];
  },
  writer: () => (message) => {
    if (message.type !== "event") return [];
    const { path = "", size = 0, mtimeMs = 0 } = message.metadata as Partial<FileMetadata>;
    const { payload } = message;
    return [[describeFile({ path, size, mtimeMs }), isNdArray(payload) ? bytesOf(payload) : payload]];
  },
} satisfies Codec);

function metadataOf(frame: Uint8Array | undefined): FileMetadata & { readonly refused: string | undefined } {
  let fields: Map<string, unknown>;
  try {
    fields = new Map(Object.entries(Object(JSON.parse(Buffer.from(frame ?? []).toString("utf8")))));
  } catch (error) {
    throw new RejectedError("what describes a file is no JSON", { cause: error });
  }
  const [path, size, mtimeMs, refused] = ["path", "size", "mtimeMs", "refused"].map((name) => fields.get(name));
  if (typeof path !== "string" || typeof size !== "number" || typeof mtimeMs !== "number") {
    throw new RejectedError("a file is described by path, size and mtimeMs");
  }
  return { path, size, mtimeMs, refused: typeof refused === "string" ? refused : undefined };
}
