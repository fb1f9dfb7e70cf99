import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  decodedEvent,
  type FoundArray,
  OpenRun,
  sequenceOf,
  takePayload,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import type { KaraboBridgeOptions } from "./karabo-options.ts";
import { RECEIVED, type Train } from "./train.ts";
import { readOneMap, readPairs } from "./train-reader.ts";

const TRAIN_ID = "timestamp.tid";

/** Makes a reader: each message is a train, in one part or in pairs of parts. */
export function karaboReader(
  limits: Limits,
  options: KaraboBridgeOptions,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const stream = new OpenRun();
  return (frames) => {
    checkFrames(frames, limits);
    const parts = frames.map(plainBytes);
    const train = parts.length === 1 ? readOneMap(parts[0] as Uint8Array, limits) : readPairs(parts, limits);
    if (Object.keys(train.sources).length === 0) throw new RejectedError("the message has no sources");
    const { sequence, timeMs } = trainId(train);
    const found = payloadOf(train.arrays, options);
    const { sources, metadata } = train;
    // Not the one that all share: what was received is remembered by it.
    const payload = found === undefined ? new Uint8Array(0) : takePayload(found);
    const { run, before } = stream.next();
    const counted = options.shared === true ? {} : { sequence };
    const decoded = decodedEvent({ sources, metadata }, payload, { run, ...counted, timeMs });
    RECEIVED.keep(decoded, frames);
    return [...before, decoded];
  };
}

function payloadOf(arrays: readonly FoundArray[], { source, property }: KaraboBridgeOptions): FoundArray | undefined {
  const [from, to] = [`sources/${source ?? ""}${source === undefined ? "" : "/"}`, `/${property ?? ""}`];
  return arrays.find(({ path }) => path.startsWith(from) && (property === undefined || path.endsWith(to)));
}

/** Gives the number of the train, and its time: that of the newest source, for slow ones may be behind. */
function trainId({ metadata }: Train): { readonly sequence?: number; readonly timeMs?: number } {
  let newest: { readonly sequence: number; readonly timeMs?: number } | undefined;
  for (const [source, { [TRAIN_ID]: id, timestamp }] of Object.entries(metadata)) {
    // An id of all ones stands for none.
    if (typeof id === "bigint") continue;
    const sequence = within(`metadata[${quoted(source)}]`, () => sequenceOf({ [TRAIN_ID]: id }, TRAIN_ID));
    if (sequence === undefined || sequence <= (newest?.sequence ?? -1)) continue;
    const timed = typeof timestamp === "number" && Number.isFinite(timestamp);
    newest = { sequence, ...(timed && { timeMs: timestamp * 1000 }) };
  }
  return newest ?? {};
}
