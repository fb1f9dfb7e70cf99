import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  claimedArray,
  type Document,
  decodedEvent,
  messageType,
  named,
  RunInTurn,
  readJsonObject,
  sequenceOf,
  typeCode,
  within,
} from "../../message/documents/index.ts";
import { onlyFrame } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import { type DType, itemSize, type NdArray } from "../../message/ndarray.ts";
import { type FrameLayout, frameLayout, RECEIVED } from "./arroyoxps-layout.ts";

/** Is the header of an event whose frame has not come yet. */
interface Announced {
  readonly header: Document;
  readonly sequence: number | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Makes a reader. The header of an event and its frame are two messages: what comes behind such a header is its frame,
 * whatever it looks like.
 */
export function arroyoxpsReader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const runs = new RunInTurn({ oneAtATime: true });
  let layout: FrameLayout | undefined;
  let announced: Announced | undefined;

  function read(frame: Uint8Array): readonly Decoded[] {
    const header = readJsonObject(frame, limits, "header");
    const type = within("header", () => messageType(header));
    if (type === "event") {
      const sequence = within("header", () => sequenceOf(header, "Frame Number"));
      announced = { header, sequence, bytes: new Uint8Array(frame) };
      return [];
    }
    // A start that cannot be read leaves the size of the frames that follow it unknown.
    if (type === "start") layout = undefined;
    if (type === "start") layout = frameLayout(header);
    const decoded = type === "start" ? runs.start({ header }, undefined) : runs.stop({ header }, undefined);
    RECEIVED.keep(decoded.at(-1) as Decoded, [frame]);
    return decoded;
  }

  return (frames) => {
    if (announced === undefined) return read(onlyFrame(frames, limits));
    // An image without pixels has no bytes.
    const [empty] = frames.length === 1 && frames[0]?.length === 0 ? frames : [];
    const frame = empty ?? onlyFrame(frames, limits);
    const { header, sequence, bytes } = announced;
    announced = undefined;
    try {
      const payload = frameOf(frame, layout);
      const decoded = decodedEvent({ header }, payload, { run: runs.event(undefined), sequence });
      RECEIVED.keep(decoded, [bytes, frame]);
      return [decoded];
    } catch (error) {
      // The frame was lost, if what came in its place is a header. Its number is missing then, which is counted.
      if (!isHeader(frame, limits)) throw error;
      return read(frame);
    }
  };
}

function frameOf(bytes: Uint8Array, layout: FrameLayout | undefined): NdArray<DType> {
  if (layout === undefined) throw new RejectedError("frame: came without a start, so that its size is not known");
  const { dtype, shape } = layout;
  const type = itemSize(dtype) > 1 ? typeCode(dtype).replace("<", ">") : dtype;
  return named("frame", () => claimedArray(type, shape, bytes, ""));
}

function isHeader(bytes: Uint8Array, limits: Limits): boolean {
  try {
    messageType(readJsonObject(bytes, limits, "header"));
    return true;
  } catch (error) {
    if (error instanceof RejectedError) return false;
    throw error;
  }
}
