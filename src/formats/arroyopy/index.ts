import type { Codec, Decoded } from "../../message/codec.ts";
import {
  arraysOf,
  decodedEvent,
  type FoundArray,
  messageType,
  NO_PAYLOAD,
  RunInTurn,
  readDocument,
  runOf,
  sequenceOf,
  takePayload,
} from "../../message/documents/index.ts";
import { onlyFrame } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { type ArroyopyOptions, arroyopyOptions } from "./arroyopy-options.ts";
import { arroyopyWriter, RUN_KEYS } from "./arroyopy-writer.ts";

export type { ArroyopyOptions } from "./arroyopy-options.ts";

/** Makes the codec of arroyopy's messages: one part with one MessagePack map, which says what it is under `msg_type`. */
export function arroyopy(options: ArroyopyOptions = {}): Codec {
  const complete = arroyopyOptions(options);
  return {
    name: "arroyopy",
    withoutStart: "make",
    reader: (limits) => arroyopyReader(limits, complete),
    writer: () => arroyopyWriter(complete),
  };
}

/** Reads and writes arroyopy's messages, with arrays as msgpack-numpy writes them. */
export const arroyopyCodec: Codec = arroyopy();

function arroyopyReader(
  limits: Limits,
  options: Required<ArroyopyOptions>,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const runs = new RunInTurn({ oneAtATime: false });
  return (frames) => {
    const document = readDocument(onlyFrame(frames, limits), limits);
    const type = messageType(document);
    const arrays = arraysOf(document);
    const own = runOf(document, RUN_KEYS);
    if (type === "start") return runs.start(document, own);
    if (type === "stop") return runs.stop(document, own);
    const sequence = sequenceOf(document, options.sequence);
    const found = payloadAmong(arrays, options.field);
    const payload = found === undefined ? NO_PAYLOAD : takePayload(found);
    return [decodedEvent(document, payload, { run: runs.event(own), sequence })];
  };
}

/** Gives the array of the chosen field; where there is none, the first. */
function payloadAmong(arrays: readonly FoundArray[], field: string): FoundArray | undefined {
  return arrays.find(({ path }) => path === field || path === `${field}/array`) ?? arrays[0];
}
