import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codecOptions } from "../../config/options/codecs.ts";
import { CODEC_NAMES, loadCodec } from "../../config/registry.ts";
import { RejectedError, text, UsageError } from "../../errors.ts";
import { insteadOf } from "../../options/nearest.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../decoding/json-option.ts";
import { BLOBS, isBlob } from "../decoding/told-blob.ts";
import { blobEncoder, type MessageEncoder, messageEncoder } from "../encoding/message-encoder.ts";
import { containerLine, type WireMessage } from "../encoding/written-file.ts";
import { type Io, print, written } from "../io.ts";
import { inputLines } from "../sending/input-lines.ts";

/** `arroyo encode`. */
export const command: Command = {
  usage: "FORMAT [FILE...] [options]",
  about:
    "Reads lines of JSON from files or standard input, and writes each as a message of the format. A line is what\n" +
    "`arroyo decode --data` prints, or what `arroyo send` takes. A message is written as a container: a line of JSON with\n" +
    "its frames in base64, which `arroyo decode` reads.",
  examples: [
    { line: "arroyo decode stins --data a.json | arroyo encode odin", does: "the same image in another format" },
    { line: "arroyo encode dectris-v2 run.jsonl --out messages", does: "a file for each message" },
    { line: `echo '{"payload": [[1, 2]]}' | arroyo encode odin --raw > image`, does: "the bytes alone" },
  ],
  options: {
    out: { type: "string", value: "DIR", description: "write a file for each message into this folder" },
    raw: { type: "boolean", description: "write the bytes of the frames, without a container" },
    options: { type: "string", value: "JSON", description: "options of the format, as in a configuration" },
  },
  positionals: { min: 1, max: 10_000 },
  async run(args, io) {
    const [format, ...files] = args.positionals as [string, ...string[]];
    const encode = await encoderOf(format, args);
    const out = args.text("out");
    const folder = out === undefined ? undefined : resolve(io.cwd, out);
    if (folder !== undefined) await madeFolder(folder);
    for await (const { line, name, number } of inputLines(files.length === 0 ? ["-"] : files, io, "encode")) {
      if (io.signal.aborted) break;
      for (const message of encoded(encode, line, `${name}:${number}`)) {
        await put(message, folder, args.flag("raw"), io);
      }
    }
    return 0;
  },
};

async function encoderOf(format: string, args: Args): Promise<MessageEncoder> {
  const names: readonly string[] = [...CODEC_NAMES, ...BLOBS];
  if (!names.includes(format)) {
    throw new UsageError(`encode: there is no format "${format}"; ${insteadOf(format, names)}`);
  }
  const options = jsonOption(args, "options") ?? {};
  const known = Object.keys(codecOptions(format) ?? {});
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new UsageError(`--options: ${format} has no "${key}"; ${insteadOf(key, known)}`);
  }
  return isBlob(format) ? blobEncoder(format) : messageEncoder(await loadCodec(format, options), options);
}

function encoded(encode: MessageEncoder, line: string, place: string): readonly WireMessage[] {
  try {
    return encode(line);
  } catch (error) {
    const why = error instanceof RejectedError ? error.reason : text(error);
    throw new UsageError(`encode: ${place}: ${why}`, { cause: error });
  }
}

async function put(message: WireMessage, folder: string | undefined, isRaw: boolean, io: Io): Promise<void> {
  const { frames, name } = message;
  if (folder === undefined) {
    if (!isRaw) await print(io, containerLine(message));
    else for (const frame of frames) await written(io.stdout, frame);
    return;
  }
  if (!isRaw) await writeNew(join(folder, `${name}.json`), `${containerLine(message)}\n`);
  else if (frames.length === 1) await writeNew(join(folder, `${name}.bin`), frames[0] as Uint8Array);
  else {
    for (const [index, frame] of frames.entries()) await writeNew(join(folder, `${name}.${index}.bin`), frame);
  }
}

async function madeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`--out: ${folder} cannot be made: ${text(error)}; name another folder`, { cause: error });
  }
}

/** Nothing that is there is written over. */
async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx" });
  } catch (error) {
    throw new UsageError(`encode: ${path} cannot be written: ${text(error)}; choose an empty folder with --out`, {
      cause: error,
    });
  }
}
