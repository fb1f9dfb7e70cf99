import type { Account, Counts } from "../../../src/message/account.ts";
import type { Decoded, Writer } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/message/limits.ts";
import type { Message } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";

export const INCARNATION = "00112233445566ff";
export const RUN = "5f1c6a0e-1f4c-4a53-b0a8-07ddc2a43d36";

/** Makes a writer with a known incarnation. */
export function writer(stream = "detector", incarnation: string = INCARNATION): Writer & Required<Writer> {
  return nativeCodec.writer({ stream, random: () => incarnation }) as Writer & Required<Writer>;
}

/** Makes a reader that gives the one message of the frames. */
export function reader(limits: Partial<Limits> = {}): (frames: readonly Uint8Array[]) => Decoded {
  const read = nativeCodec.reader({ ...DEFAULT_LIMITS, ...limits });
  return (frames) => only(read(frames));
}

/** Gives the only item of a list. */
export function only<T>(list: readonly T[] | undefined): T {
  if (list?.length !== 1) throw new Error(`expected one item, got ${list?.length}`);
  return list[0] as T;
}

/** Gives a decoded message that must be an event. */
export function eventOf({ message }: Decoded): Event {
  if (message.type !== "event") throw new Error(`expected an event, got a ${message.type}`);
  return message;
}

/** Gives what can be seen of a message, so that a decoded one can be compared with its original. */
export function visible(message: Message): Record<string, unknown> {
  const { type, envelope } = message;
  if (type === "event") {
    const { metadata, payload } = message;
    return { type, envelope, metadata, payload: seen(payload) };
  }
  if (type === "start") return { type, envelope, data: message.data, resumed: message.resumed };
  const { data, reason, account } = message;
  return { type, envelope, data, reason, account };
}

function seen(payload: Event["payload"]): unknown {
  if (!(payload instanceof NdArray)) return [...payload];
  return { dtype: payload.dtype, shape: [...payload.shape], data: [...payload.data] };
}

/** Makes counts of which each is another number. */
export function counts(first = 1): Counts {
  return {
    received: first,
    events: first + 1,
    finished: first + 2,
    filtered: first + 3,
    reduced: first + 4,
    published: first + 5,
    publishedEvents: first + 6,
    dropped: first + 7,
    failed: first + 8,
    dead: first + 9,
    left: first + 10,
    rejected: first + 11,
    droppedUpstream: first + 12,
    lost: "unknown",
    reasons: { "queue full": first + 13 },
  };
}

/** Makes an account with all that one can have. */
export function account(): Account {
  const sent = [{ stream: "detector", partition: "", from: 0, to: 12, events: 10 }];
  const missing = [{ stream: "detector", partition: "", events: 3, as: "lost", ranges: [[4, 6]] }] as const;
  const run = { ...counts(100), run: RUN, stream: "detector", ended: "completed", joinedAt: 5, missing } as const;
  const first: Account = { ...counts(200), block: "source", runs: [], hops: [], sent };
  return { ...counts(), lost: 0, block: "reduce", runs: [run], hops: [first] };
}

/** Makes one message of every kind, with all that each can have. */
export function everything(): readonly Message[] {
  const envelope = {
    run: RUN,
    key: "module-3",
    timeMs: 1_700_000_000_123.25,
    headers: [
      ["content-type", "text/plain"],
      ["signature", Uint8Array.of(0, 255)],
      ["content-type", "again"],
    ],
    trace: { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: "vendor=1" },
    origin: { stream: "first", partition: "7", sequence: 2 ** 40 },
  } as const;
  const metadata = { frame: 7, exposure: 0.25, shutter: true, note: "ΔE = ½", none: null, list: [1, [2, { x: -3 }]] };
  const frames = new NdArray(
    Uint16Array.from({ length: 24 }, (_, i) => i * 1000),
    [2, 3, 4],
  );
  return [
    new Start({ motor: "sample_x", steps: 11 }, envelope),
    new Event(metadata, frames, envelope),
    new Event({ bytes: Uint8Array.of(1, 2, 3), "!mine": 1 }, Uint8Array.of(9, 8, 7), { run: RUN }),
    new Event({}, new NdArray(BigInt64Array.of(-1n, 2n ** 62n)), { run: RUN, timeMs: -1 }),
    new Event({}, new NdArray(new Uint8Array([1, 0, 1]), [3], "bool"), { run: RUN, trace: { parent: "00-1-2-01" } }),
    new Event({}, new NdArray(new Float64Array([Math.PI]), []), { run: RUN }),
    new Event({}, new NdArray(new Float32Array(0), [0, 512]), { run: RUN }),
    new Event({ value: 12.5 }, new Uint8Array(0)),
    new Stop({ frames: 7 }, { ...envelope, reason: "interrupted" }),
    Stop.accounted(new Stop({}, { run: RUN }), account()),
  ];
}
