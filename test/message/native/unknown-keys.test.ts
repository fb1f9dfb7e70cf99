import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { Message } from "../../../src/message/message.ts";
import { inherit } from "../../../src/message/message.ts";
import { decode } from "../../../src/message/msgpack/index.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Stop } from "../../../src/message/stop.ts";
import { handMade } from "./hand-made.ts";
import { account, eventOf, only, reader, writer } from "./samples.ts";

const EXTRA = { list: [1, { a: "b" }], text: "x".repeat(300) };
const ofStatic = { zone: EXTRA, run: "r", origin: ["s", "p"] };
const long = "a name that needs more than thirty-one characters";

/** Gives both maps of the header that goes out for a message. */
function maps(message: Message): Record<string, unknown>[] {
  const frames = only(writer()(message));
  const header = frames.find((frame) => frame[0] === 0x41) as Buffer;
  const end = 40 + Buffer.from(header).readUInt16LE(6);
  const limits = { maxDepth: 64 };
  return [decode(header, 40, end, limits), decode(header, end, header.length, limits)] as Record<string, unknown>[];
}

describe("keys that this version does not know", () => {
  test("an event - passes them on when forwarded, with another payload and with other metadata", () => {
    const dynamic = { sequence: 5, later: EXTRA, metadata: { a: 1 }, [long]: EXTRA };
    const event = eventOf(reader()([handMade({ ofStatic, dynamic })]));
    expect(event.metadata).toEqual({ a: 1 });
    const payload = new NdArray(Uint8Array.of(1));
    const changed = event.with({ metadata: { b: 2 } });
    const inherited = inherit(new Event({ b: 2 }, payload), event);
    for (const passed of [event, event.with({ payload }), changed, changed.with({ payload }), inherited]) {
      const [constant, changing] = maps(passed);
      expect(constant?.["zone"]).toEqual(EXTRA);
      expect(changing).toMatchObject({ sequence: 5, later: EXTRA, [long]: EXTRA });
      expect(eventOf(reader()(only(writer()(passed)))).metadata).toEqual(passed.metadata);
    }
  });

  test("Starts and Stops - pass them on too, also with an account", () => {
    const own = { stream: "s", began: {}, next: {} };
    const dynamic = { sequence: 5, later: EXTRA, ...own, data: { a: 1 } };
    for (const kind of [1, 3]) {
      const { message } = reader()([handMade({ kind, ofStatic, dynamic })]);
      const passed = message.type === "stop" ? [message, Stop.accounted(message, account())] : [message];
      for (const one of passed) {
        const [constant, changing] = maps(one);
        expect(constant?.["zone"]).toEqual(EXTRA);
        expect(changing).toMatchObject({ later: EXTRA, data: { a: 1 } });
      }
    }
  });

  test("messages without them - get none", () => {
    const [constant, changing] = maps(eventOf(reader()([handMade()])));
    expect(Object.keys({ ...constant, ...changing })).toEqual(["run", "origin", "sequence"]);
  });
});
