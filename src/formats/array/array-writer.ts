import type { Writer } from "../../message/codec.ts";
import { arrayOf, fieldsOf, RunsWritten, turnedRound } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, itemSize } from "../../message/ndarray.ts";
import { ORDER_KEYS, RECEIVED } from "./array-layout.ts";

/** Makes a writer of arrays; the format has no Start and no Stop. */
export function arrayWriter(): Writer {
  const numbers = new RunsWritten(0);
  return (message: AnyMessage) => (message.type === "event" ? [partsOf(message, numbers)] : []);
}

function partsOf(event: Event<unknown>, numbers: RunsWritten): readonly Uint8Array[] {
  const { header: given, ...others } = fieldsOf(event.metadata, "event.metadata");
  const own = given === undefined ? {} : fieldsOf(given, "event.metadata.header");
  const frame = numbers.number(undefined, own["frame"]);
  const received = RECEIVED.framesOf(event);
  if (received !== undefined) return received;
  const array = arrayOf(event.payload);
  const { dtype, shape } = array;
  const claim = { htype: "array-1.0", shape, type: dtype, frame };
  // What was read keeps its header: nothing is added to it, and the bytes are in the order that it tells.
  const added = own["htype"] === undefined ? { endianness: "little", encoding: "", ...others } : others;
  const header = { ...claim, ...added, ...own, ...claim };
  const size = itemSize(dtype);
  const isBig = size > 1 && ORDER_KEYS.some((key) => own[key] === "big");
  return [exactJson(header, "event.metadata.header"), isBig ? turnedRound(bytesOf(array), size) : bytesOf(array)];
}
