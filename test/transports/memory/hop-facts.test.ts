import { describe, expect, test } from "vitest";
import type { Decoded } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { seededRandom } from "../../../src/testing/conformance/random.ts";
import { plain } from "../../../src/testing/conformance/same-messages.ts";
import { memoryCodec, PassingWriter, passingWriter } from "../../../src/transports/memory/passing-writer.ts";

const OPTIONS = { stream: "detector", random: () => "0123456789abcdef" };
const HISTORIES = process.env.ARROYO_LONG === "1" ? 2_000 : 200;

/** What a reader is told, as a value that can be compared. */
function told(
  { message, stream, sequence, control, hop }: Decoded<AnyMessage>,
  isStart = message.type === "start",
): unknown {
  const { next, began, ...rest } = hop ?? {};
  return {
    message: plain(message),
    // The native codec names the stream in Starts and signs of life only.
    ...(isStart || control === true ? { stream } : {}),
    sequence,
    control: control ?? false,
    hop: rest,
    next: next === undefined ? undefined : [...next],
    began: began === undefined ? undefined : [...began],
  };
}

describe("hop facts of the memory transport", () => {
  test("passing on - tells the same as the native codec on a wire, whatever happens", () => {
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = seededRandom(seed);
      const below = (bound: number): number => Math.floor(random() * bound);
      const wire = nativeCodec.writer(OPTIONS);
      const reader = nativeCodec.reader(DEFAULT_LIMITS);
      const memory = new PassingWriter(OPTIONS);
      for (let step = 0; step < 60; step += 1) {
        const run = `run-${below(3)}`;
        const topic = ["", "a", "b"][below(3)] as string;
        const origin = below(3) === 0 ? { origin: { stream: "first", partition: "p", sequence: below(1000) } } : {};
        const kind = below(10);
        const message: AnyMessage =
          kind === 0
            ? new Start({ step }, { run, ...origin })
            : kind === 1
              ? new Stop({ step }, { run, ...origin })
              : new Event({ step }, Uint8Array.of(step), { ...(kind === 2 ? {} : { run }), ...origin });
        if (below(6) === 0) {
          wire.skip?.(message, { topic });
          memory.skip(message, topic);
        } else {
          const [frames] = wire(message, { topic });
          const [expected] = reader(frames ?? []);
          expect(told(memory.pass(message, topic)), `seed ${seed}, step ${step}`).toEqual(told(expected as Decoded));
        }
        if (below(10) > 0) continue;
        const expected = (wire.again?.() ?? []).flatMap((frames) => reader(frames)).map((decoded) => told(decoded));
        expect(
          memory.again().map((decoded) => told(decoded)),
          `seed ${seed}, step ${step}, again`,
        ).toEqual(expected);
        expect(memory.sent(run), `seed ${seed}, step ${step}, sent`).toEqual(wire.sent?.(run));
      }
    }
  });

  test("hop - is one object for the events of a topic, so that a reader can compare it", () => {
    const memory = new PassingWriter(OPTIONS);
    const [one, other, second] = ["a", "b", "a"].map((topic) => memory.pass(new Event({}, new Uint8Array(1)), topic));
    expect(one?.hop).toBe(second?.hop);
    expect(one?.hop).not.toBe(other?.hop);
  });

  test("message - is passed on as it is when it has an origin, else with this as its origin", () => {
    const memory = new PassingWriter(OPTIONS);
    const known = new Event({}, new Uint8Array(1), { origin: { stream: "x", partition: "", sequence: 7 } });
    expect(memory.pass(known).message).toBe(known);
    const fresh = new Event({ a: 1 }, new Uint8Array(1), { key: "k", timeMs: 5, run: "r", headers: [["h", "v"]] });
    const { message } = memory.pass(fresh, "t");
    expect(message.envelope).toEqual({
      ...fresh.envelope,
      origin: { stream: "detector", partition: "t", sequence: 0 },
    });
    expect(message.type === "event" && message.payload).toBe(fresh.payload);
  });

  test("farewell - names no open run, and there is none when no run is open", () => {
    const memory = new PassingWriter(OPTIONS);
    expect(memory.farewell()).toBeUndefined();
    memory.pass(new Start({}, { run: "r" }));
    expect(memory.farewell()).toMatchObject({ control: true, hop: { open: [], incarnation: memory.incarnation } });
  });

  test("codec - has no bytes and says so", () => {
    const writer = memoryCodec.writer(OPTIONS);
    expect(() => writer(new Event({}, new Uint8Array(1)))).toThrow(/have no bytes/);
    expect(() => memoryCodec.reader(DEFAULT_LIMITS)([new Uint8Array(1)])).toThrow(/have no bytes/);
    expect(passingWriter(writer).incarnation).toBe(writer.incarnation);
  });
});
