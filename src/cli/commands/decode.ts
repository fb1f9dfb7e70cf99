import { resolve } from "node:path";
import { codecOptions } from "../../config/options/codecs.ts";
import { CODEC_NAMES } from "../../config/registry.ts";
import { UsageError } from "../../errors.ts";
import { insteadOf } from "../../options/nearest.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { decodeCapture, isCapture } from "../decoding/capture-file.ts";
import { type Decoding, decodeFile, refusedBy } from "../decoding/decode-file.ts";
import { jsonOption } from "../decoding/json-option.ts";
import { BLOBS } from "../decoding/told-blob.ts";
import { type Io, print, written } from "../io.ts";

/** `arroyo decode`. */
export const command: Command = {
  usage: "FORMAT FILE... [options]",
  about:
    "Prints one line of JSON for each file, in the order given: kind, run, sequence, metadata and arrays of the message\n" +
    'in it, or {"rejected": true, "reason": ...}. A file is a container (JSON with "frames" in base64), or the bytes of\n' +
    'a message of one frame, or a capture, whose line is {"messages": [...]} if there are several. Each is decoded alone.\n' +
    "The exit code is 1 if one was rejected.",
  examples: [
    { line: "arroyo decode dectris-v2 image.cbor", does: "what is in a message" },
    { line: "arroyo decode stins vectors/*.json | jq .sequence", does: "one line for each file" },
    { line: "arroyo decode bsread --data message.json", does: "with all bytes of the arrays" },
  ],
  options: {
    data: { type: "boolean", description: "print the bytes of the arrays, too, as base64" },
    each: { type: "boolean", description: "print a line for each message of a capture" },
    options: { type: "string", value: "JSON", description: "options of the format, as in a configuration" },
    params: { type: "string", value: "JSON", description: "of bslz4 and bszstd: elemSize, rawBytes, dtype and shape" },
  },
  positionals: { min: 1, max: 100_000 },
  async run(args, io) {
    const [format, ...files] = args.positionals as [string, ...string[]];
    let failure: unknown;
    const decoding = decodingOf(format, args, (error) => {
      failure = error;
    });
    if (files.length === 0) throw new UsageError("decode: FILE is missing; usage: arroyo decode FORMAT FILE...");
    let refused = 0;
    for (const file of files) {
      if (io.signal.aborted || io.outputClosed.aborted) break;
      const path = resolve(io.cwd, file);
      if (decoding === undefined) await print(io, JSON.stringify(refusedBy(failure)));
      else if (await isCapture(path)) refused += await printCapture(path, decoding, args.flag("each"), io);
      else {
        const told = await decodeFile(path, decoding);
        if ("rejected" in told) refused += 1;
        await print(io, JSON.stringify(told));
      }
    }
    if (failure !== undefined) throw failure;
    return refused > 0 ? 1 : 0;
  },
};

/** Prints what is in a capture, on one line or on one for each message; gives how many were refused. */
async function printCapture(path: string, decoding: Decoding, each: boolean, io: Io): Promise<number> {
  let [refused, count] = [0, 0];
  let first = "";
  const tell = async (told: object): Promise<void> => {
    if ("rejected" in told) refused += 1;
    const text = JSON.stringify(told);
    count += 1;
    if (each) return print(io, text);
    // One message alone is told as in any other file.
    if (count === 1) first = text;
    else await written(io.stdout, count === 2 ? `{"messages":[${first},${text}` : `,${text}`);
  };
  await decodeCapture(path, decoding, tell, AbortSignal.any([io.signal, io.outputClosed]));
  if (!each) await print(io, count === 0 ? '{"messages":[]}' : count === 1 ? first : "]}");
  return refused;
}

/** Gives what is wanted; where it cannot be, each file gets its line all the same. */
function decodingOf(format: string, args: Args, failed: (error: unknown) => void): Decoding | undefined {
  try {
    const names: readonly string[] = [...CODEC_NAMES, ...BLOBS];
    if (!names.includes(format)) {
      throw new UsageError(`decode: there is no format "${format}"; ${insteadOf(format, names)}`);
    }
    const options = jsonOption(args, "options") ?? {};
    const known = Object.keys(codecOptions(format) ?? {});
    for (const key of Object.keys(options)) {
      if (!known.includes(key)) throw new UsageError(`--options: ${format} has no "${key}"; ${insteadOf(key, known)}`);
    }
    const params = jsonOption(args, "params");
    return { format, options, withData: args.flag("data"), ...(params !== undefined && { params }) };
  } catch (error) {
    failed(error);
    return undefined;
  }
}
