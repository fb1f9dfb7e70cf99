import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, type Document, fieldsOf, RunsWritten, turnedRound } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, itemSize, type NdArray } from "../../message/ndarray.ts";
import { type FrameLayout, frameLayout, RECEIVED, TYPES } from "./arroyoxps-layout.ts";

type Wire = readonly (readonly Uint8Array[])[];

/**
 * Makes a writer. A start tells what the frames are: where it does not say it itself, it goes out with the first event,
 * from which it is known.
 */
export function arroyoxpsWriter(): Writer {
  const runs = new RunsWritten(0);
  let waiting: Document | undefined;
  let layout: FrameLayout | undefined;

  function startWith(header: Document, name: string): Wire {
    layout = frameLayout(header);
    return [[exactJson(header, name)]];
  }

  return (message: AnyMessage) => {
    runs.checkTurn(message, "arroyoxps");
    const isEvent = message.type === "event";
    const place = isEvent ? "event.metadata" : `${message.type}.data`;
    const { header: given, ...others } = fieldsOf(isEvent ? message.metadata : message.data, place);
    const own = given === undefined ? {} : fieldsOf(given, `${place}.header`);
    const received = RECEIVED.framesOf(message);
    if (message.type === "start") {
      const header: Document = { msg_type: "start", ...others, ...own };
      waiting = header["data_type"] === undefined || header["Rectangle"] === undefined ? header : undefined;
      if (waiting !== undefined) return [];
      const wire = startWith(header, place);
      return received === undefined ? wire : [received];
    }
    const before = startOf(message);
    if (message.type === "stop") {
      const header = { msg_type: "stop", "Num Frames": runs.end(message.run), ...others, ...own };
      return [...before, received ?? [exactJson(header, place)]];
    }
    const array = arrayOf(message.payload);
    checkLayout(array, layout);
    const frame = runs.number(message.run, own["Frame Number"]);
    if (received !== undefined) return [...before, ...received.map((part) => [part])];
    const header = { msg_type: "event", ...others, ...own, "Frame Number": frame };
    const size = itemSize(array.dtype);
    const bytes = size > 1 ? turnedRound(bytesOf(array), size) : bytesOf(array);
    return [...before, [exactJson(header, place)], [bytes]];
  };

  /** Gives the start that waited, or one that nobody gave. */
  function startOf(message: AnyMessage): Wire {
    if (waiting === undefined && (layout !== undefined || message.type === "stop")) return [];
    const header: Document = waiting ?? { msg_type: "start" };
    waiting = undefined;
    return startWith({ ...header, ...described(message) }, "start.data");
  }
}

/** Describes frames like that of an event; without one there are none. */
function described(message: AnyMessage): Document {
  const { dtype, shape } =
    message.type === "event" ? arrayOf((message as Event).payload) : { dtype: "uint8", shape: [0, 0] };
  const type = Object.keys(TYPES).find((name) => TYPES[name] === dtype);
  if (type === undefined || shape.length !== 2) {
    throw new UsageError(
      `arroyoxps: an array of ${dtype} with ${shape.length} dimensions cannot be sent; make it an image of integers or floats`,
    );
  }
  const [height, width] = shape;
  return { Rectangle: { Left: 0, Top: 0, Right: width, Bottom: height, Rotation: 0 }, data_type: type };
}

function checkLayout(array: NdArray<DType>, layout: FrameLayout | undefined): void {
  if (layout === undefined) return;
  const { dtype, shape } = layout;
  if (array.dtype === dtype && String(array.shape) === String(shape)) return;
  throw new UsageError(
    `arroyoxps: the start announced [${shape.join(", ")}] of ${dtype}, this frame is [${array.shape.join(", ")}] of ` +
      `${array.dtype}; begin another run for frames of another kind`,
  );
}
