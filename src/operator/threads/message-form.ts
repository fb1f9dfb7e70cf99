import type { Account } from "../../message/account.ts";
import type { Envelope } from "../../message/envelope.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage, Data, Payload } from "../../message/message.ts";
import { LazyEvent } from "../../message/native/lazy-event.ts";
import { Start } from "../../message/start.ts";
import { Stop, type StopReason } from "../../message/stop.ts";
import { type ArrayForm, described, payloadOf } from "./array-form.ts";
import { HeaderReader } from "./header-reader.ts";
import type { Slot } from "./slots.ts";
import { type ValueForm, valueForm, valueFrom } from "./value-form.ts";

/** Is a Start or Stop as it goes to another thread. */
export type LifecycleForm =
  | { readonly type: "start"; readonly data: ValueForm; readonly envelope: ValueForm; readonly resumed: boolean }
  | {
      readonly type: "stop";
      readonly data: ValueForm;
      readonly envelope: ValueForm;
      readonly reason: StopReason;
      readonly account: Account | undefined;
    };

/** Is an event as it goes to a thread: its payload, and its header where it was received, are in a slot. */
export interface EventForm {
  readonly type: "event";
  readonly slot: number;
  readonly payloadBytes: number;
  readonly array: ArrayForm | undefined;
  /** The header behind the payload; else the contents. */
  readonly header: { readonly at: number; readonly bytes: number } | undefined;
  readonly metadata: ValueForm | undefined;
  readonly envelope: ValueForm | undefined;
}

export type MessageForm = LifecycleForm | EventForm;

/** Says how many bytes of a slot an event needs. */
export function slotBytes(event: Event): number {
  const payload = described(event.payload).bytes.byteLength;
  return LazyEvent.is(event) ? aligned(payload) + LazyEvent.header(event).byteLength : payload;
}

/** Makes a form of an event, whose bytes are copied into the slot: the one copy there is. */
export function eventForm(event: Event, { id, memory }: Slot): EventForm {
  const { bytes, array } = described(event.payload);
  const room = new Uint8Array(memory);
  room.set(bytes);
  const form = { type: "event", slot: id, payloadBytes: bytes.byteLength, array } as const;
  if (!LazyEvent.is(event)) {
    const { metadata, envelope } = event;
    return { ...form, header: undefined, metadata: valueForm(metadata), envelope: valueForm(envelope) };
  }
  const header = LazyEvent.header(event);
  const at = aligned(bytes.byteLength);
  room.set(header, at);
  return { ...form, header: { at, bytes: header.byteLength }, metadata: undefined, envelope: undefined };
}

/** Makes a form of a Start or Stop. */
export function lifecycleForm(message: Start | Stop): LifecycleForm {
  const data = valueForm(message.data);
  if (message.type === "start") {
    return { type: "start", data, envelope: valueForm(Start.given(message)), resumed: message.resumed };
  }
  const { reason, account } = message;
  return { type: "stop", data, envelope: valueForm(message.envelope), reason, account };
}

/** Makes a Start or Stop of its form. */
export function lifecycleOf(form: LifecycleForm): Start | Stop {
  const data = valueFrom(form.data) as Data;
  const envelope = valueFrom(form.envelope) as Envelope;
  if (form.type === "start") return new Start(data, { ...envelope, resumed: form.resumed });
  const stop = new Stop(data, { ...(envelope as Envelope & { run: string }), reason: form.reason });
  return form.account === undefined ? stop : Stop.accounted(stop, form.account);
}

/** Makes messages of their forms, in a thread. */
export class MessageReader {
  readonly #headers = new HeaderReader();

  /** The payload is a view of the slot; it is lent until the message is finished. */
  read(form: MessageForm, slots: ReadonlyMap<number, SharedArrayBuffer>): AnyMessage {
    if (form.type !== "event") return lifecycleOf(form);
    const memory = slots.get(form.slot) as SharedArrayBuffer;
    const payload: Payload = payloadOf(new Uint8Array(memory, 0, form.payloadBytes), form.array);
    if (form.header === undefined) {
      const metadata = valueFrom(form.metadata as ValueForm) as Data;
      return new Event(metadata, payload, valueFrom(form.envelope as ValueForm) as Envelope);
    }
    const header = new Uint8Array(new Uint8Array(memory, form.header.at, form.header.bytes));
    return this.#headers.read(header).with({ payload });
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
