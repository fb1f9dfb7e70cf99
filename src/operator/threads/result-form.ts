import type { Envelope } from "../../message/envelope.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage, Data, Payload } from "../../message/message.ts";
import { LazyEvent } from "../../message/native/lazy-event.ts";
import { type ArrayForm, described, payloadOf } from "./array-form.ts";
import { type LifecycleForm, lifecycleForm, lifecycleOf } from "./message-form.ts";
import type { Slot } from "./slots.ts";
import { type ValueForm, valueForm, valueFrom } from "./value-form.ts";

/** Is a payload on its way back: the one that came, a part of its slot, or bytes of its own. */
export type PayloadForm =
  | "same"
  | { readonly at: number; readonly length: number; readonly array: ArrayForm | undefined }
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly array: ArrayForm | undefined };

/** Is an event on its way back; what is the same as in the message in process stays where it is. */
export interface EventResultForm {
  readonly type: "event";
  readonly metadata: "same" | ValueForm;
  readonly envelope: "same" | ValueForm;
  readonly payload: PayloadForm;
}

/** Is a result on its way back; `same` is the message in process. */
export type ResultForm = "same" | LifecycleForm | EventResultForm;

/** Below this many bytes cloning costs less than handing over. */
const SMALL = 4_096;

/** Makes a form of a result. Bytes that are in no slot are copied, as the operator may keep its own; `moved` gets them. */
export function resultForm(
  result: AnyMessage,
  message: AnyMessage | undefined,
  slot: Slot | undefined,
  moved: ArrayBuffer[],
): ResultForm {
  if (result === message) return "same";
  if (result.type !== "event") return lifecycleForm(result);
  const event = message?.type === "event" ? message : undefined;
  const [metadata, envelope] = contents(result, event);
  return { type: "event", metadata, envelope, payload: payloadForm(result.payload, event?.payload, slot, moved) };
}

/** Makes a result of its form. `taken` gives the memory of the message's slot, which is then the result's. */
export function resultOf(
  form: ResultForm,
  message: AnyMessage | undefined,
  taken: () => SharedArrayBuffer | undefined,
): AnyMessage {
  if (form === "same") return message as AnyMessage;
  if (form.type !== "event") return lifecycleOf(form);
  const event = message as Event;
  const { metadata, envelope } = form;
  if (form.payload === "same" && metadata === "same" && envelope === "same") return event;
  const payload = form.payload === "same" ? event.payload : payloadOf(bytesOf(form.payload, taken), form.payload.array);
  if (metadata === "same" && envelope === "same") return event.with({ payload });
  const data = (metadata === "same" ? event.metadata : valueFrom(metadata)) as Data;
  if (envelope === "same") return event.with({ metadata: data, payload });
  return new Event(data, payload, valueFrom(envelope) as Envelope);
}

function contents(result: Event, event: Event | undefined): readonly ["same" | ValueForm, "same" | ValueForm] {
  if (event !== undefined && LazyEvent.is(event) && LazyEvent.is(result)) {
    if (LazyEvent.header(result) === LazyEvent.header(event)) return ["same", "same"];
  }
  return [
    event !== undefined && result.metadata === event.metadata ? "same" : valueForm(result.metadata),
    event !== undefined && result.envelope === event.envelope ? "same" : valueForm(result.envelope),
  ];
}

function payloadForm(
  payload: Payload,
  came: Payload | undefined,
  slot: Slot | undefined,
  moved: ArrayBuffer[],
): PayloadForm {
  if (payload === came) return "same";
  const { bytes, array } = described(payload);
  const isOfSlot = slot !== undefined && (bytes.buffer as ArrayBufferLike) === slot.memory;
  if (isOfSlot && bytes.byteLength * 2 >= slot.memory.byteLength) {
    return { at: bytes.byteOffset, length: bytes.byteLength, array };
  }
  const own = new Uint8Array(bytes);
  if (own.byteLength > SMALL) moved.push(own.buffer);
  return { bytes: own, array };
}

function bytesOf(form: Exclude<PayloadForm, "same">, taken: () => SharedArrayBuffer | undefined): Uint8Array {
  if ("bytes" in form) return form.bytes;
  return new Uint8Array(taken() as SharedArrayBuffer, form.at, form.length);
}
