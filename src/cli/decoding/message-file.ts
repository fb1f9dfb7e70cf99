import { open, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RejectedError, text } from "../../errors.ts";
import { readJson } from "../../message/json/json-reader.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";

/** Is a message in a file, as it crossed the wire, with what both ends had agreed upon. */
export interface MessageFile {
  readonly frames: readonly Uint8Array[];
  readonly name?: string;
  /** `messages`: each frame is a message of its own. */
  readonly framing?: string;
  /** The name of the message, in the same folder, that the reader must have seen before. */
  readonly after?: string;
  readonly serializer?: string;
  readonly transport?: string;
  readonly params?: unknown;
  /** False for the bytes of a message without anything around them. */
  readonly isContainer: boolean;
}

/** Base64 takes a third more than the largest message; what stands beside the frames is small. */
const MAX_FILE_BYTES = Math.ceil((DEFAULT_LIMITS.maxMessageBytes * 4) / 3) + 64 * 1024 * 1024;
/** A container holds whole documents beside the frames, which are not looked at. */
const MAX_DEPTH = 256;
const TEXTS = ["name", "framing", "after", "serializer", "transport"] as const;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Reads a file: a container of one message in JSON, or the bytes of a message of one frame. */
export async function readMessageFile(path: string): Promise<MessageFile> {
  const bytes = await bytesOfFile(path);
  const container = containerIn(bytes);
  return container === undefined ? { frames: [bytes], isContainer: false } : messageOf(container);
}

/** Finds the container of a name in a folder. */
export async function findMessage(folder: string, name: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json")).sort();
  // Vectors are numbered: the likely ones first, so that a large folder need not be read.
  const likely = files.filter((file) => file.includes(name));
  for (const file of [...likely, ...files.filter((one) => !likely.includes(one))]) {
    const path = join(folder, file);
    try {
      if (containerIn(await bytesOfFile(path))?.["name"] === name) return path;
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
    }
  }
  throw new RejectedError(`after: there is no message "${name}" in the folder of the file`);
}

/** Gives the folder in which a file looks for those that it names. */
export function folderOf(path: string): string {
  return dirname(resolve(path));
}

async function bytesOfFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw new RejectedError(`${basename(path)}: is a folder; name the files in it`);
      if (stat.size > MAX_FILE_BYTES) {
        throw new RejectedError(`${basename(path)}: has ${stat.size} bytes, at most ${MAX_FILE_BYTES} are read`);
      }
      return stat.isFile() ? new Uint8Array(await file.readFile()) : await bytesOfPipe(file.createReadStream(), path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof RejectedError) throw error;
    throw new RejectedError(`${basename(path)}: cannot be read: ${text(error)}`, { cause: error });
  }
}

async function bytesOfPipe(stream: AsyncIterable<Uint8Array>, path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) {
      throw new RejectedError(`${basename(path)}: has more than ${MAX_FILE_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Gives the container that a file is; undefined for every other file, also one of JSON. */
function containerIn(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const begin = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  if (!/^(?:\xef\xbb\xbf)?\s*\{/.test(begin)) return undefined;
  try {
    const value = jsonIn(bytes);
    const isContainer = typeof value === "object" && value !== null && Object.hasOwn(value, "frames");
    return isContainer && Array.isArray((value as { frames: unknown }).frames) ? (value as never) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads JSON; also that of Python, which has numbers that are not finite. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return readJson(bytes, { maxDepth: MAX_DEPTH, tags: false });
  }
}

/** Takes from a container what is honoured; what is expected of the message is left where it is. */
function messageOf(container: Readonly<Record<string, unknown>>): MessageFile {
  const frames = (container["frames"] as readonly unknown[]).map((frame, index) => {
    if (typeof frame === "string" && frame.length % 4 === 0 && BASE64.test(frame)) {
      return new Uint8Array(Buffer.from(frame, "base64"));
    }
    throw new RejectedError(`frames[${index}]: expected base64`);
  });
  const texts = TEXTS.flatMap((key) => {
    const value = container[key];
    if (value === undefined || value === null) return [];
    if (typeof value === "string") return [[key, value] as const];
    throw new RejectedError(`${key}: expected a text`);
  });
  const { params } = container;
  return { frames, ...Object.fromEntries(texts), ...(params !== undefined && { params }), isContainer: true };
}
