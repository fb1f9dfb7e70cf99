import { type Context, compose, Event, type Message, NdArray, Operator, Start, type Step, Stop } from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";
import { frame, type In, type Scan, type Sum, said, scan, start, stop } from "./frames.ts";

describe("what an operator may give back", () => {
  const twice = (message: In): readonly In[] => (message.type === "event" ? [message, message] : [message]);
  const kinds: Readonly<Record<string, Step<In, In>>> = {
    array: twice,
    iterable: (message) => new Set(twice(message)).values(),
    generator: function* (message) {
      yield* twice(message);
    },
    promise: async (message) => twice(message),
    "async generator": async function* (message) {
      for (const one of twice(message)) yield await Promise.resolve(one);
    },
    "promise of an async iterable": (message) =>
      Promise.resolve(
        (async function* () {
          yield* twice(message);
        })(),
      ),
  };
  for (const [kind, operator] of Object.entries(kinds)) {
    test(`several: ${kind}`, async () => {
      const { published, settled, account } = await drive(operator, scan("r", 2));
      const once = kind === "iterable";
      const wanted = ["start r", "r 1", "r 1", "r 2", "r 2", "stop r"];
      expect(said(published)).toEqual(once ? [...new Set(wanted)] : wanted);
      expect(settled).toEqual(["acked", "acked", "acked", "acked"]);
      expect(account).toMatchObject({ received: 4, finished: 4, published: once ? 4 : 6, filtered: 0 });
    });
  }

  const nothing: Readonly<Record<string, Step<In, In>>> = {
    undefined: () => undefined,
    "no return": () => {},
    "an empty array": () => [],
    "a promise of nothing": async () => {},
  };
  for (const [kind, operator] of Object.entries(nothing)) {
    test(`nothing: ${kind}; the message is finished, and counted as filtered`, async () => {
      const { published, settled, account } = await drive(operator, scan("r", 1));
      expect(published).toEqual([]);
      expect(settled).toEqual(["acked", "acked", "acked"]);
      expect(account).toMatchObject({ received: 3, finished: 3, filtered: 3, published: 0 });
    });
  }

  test("something else fails the block, and says what it was", async () => {
    const { error } = await drive(
      ((message: In) => (message.type === "event" ? 7 : message)) as unknown as Step<In, In>,
      scan("r", 1),
    );
    expect(String(error)).toContain("got 7");
  });
});

describe("a result that an operator makes", () => {
  const origin = { stream: "source", partition: "p", sequence: 3 };
  const headers = [["h", "1"]] as const;
  const given = new Event({ frame: 1 }, new Uint8Array(1), { run: "r", key: "k", timeMs: 5, origin, headers });
  const around = (message: Message): readonly Message[] => [
    new Start({}, { run: "r", origin: { ...origin, sequence: 2 } }),
    message,
    new Stop({}, { run: "r", origin: { ...origin, sequence: 4 } }),
  ];

  test("gets what its envelope leaves out from the message in process", async () => {
    const made = (message: Message): Message =>
      message.type === "event" ? new Event({ made: true }, new Uint8Array(2), { key: "own" }) : message;
    const { published } = await drive(made, around(given));
    expect(published[1]?.envelope).toEqual({ run: "r", key: "own", timeMs: 5, origin, headers });
  });

  test("keeps what it has", async () => {
    const made = (message: Message): Message =>
      message.type === "event" ? new Event({}, new Uint8Array(2), { run: "other", timeMs: 9 }) : message;
    const { published } = await drive(made, around(given));
    expect(published[1]?.envelope).toMatchObject({ run: "other", timeMs: 9, key: "k" });
  });

  test("of with() has the envelope of the event it came from", async () => {
    const made = (message: Message): Message =>
      message.type === "event" ? message.with({ metadata: { a: 1 } }) : message;
    const { published } = await drive(made, around(given));
    expect(published[1]?.envelope).toEqual(given.envelope);
  });
});

/** Subtracts the mean of the first frames of each run from the others. */
class DarkCorrected extends Operator<In, Sum> {
  readonly #runs = this.perRun((opening: Start<Scan>) => ({ dark: 0, left: opening.data.darkFrames, frames: 0 }));
  readonly runsOpen: number[] = [];

  override process(message: In): Sum | undefined {
    if (message.type !== "event") {
      this.runsOpen.push([...this.#runs.values()].length);
      if (message.type === "start") return message;
      const { frames } = this.#runs.of(message);
      return new Stop({ frames }, { run: message.run });
    }
    const state = this.#runs.of(message);
    const value = message.array("uint16").data[0] as number;
    if (state.left > 0) {
      state.left -= 1;
      state.dark += value;
      return undefined;
    }
    state.frames += 1;
    return message.with({ metadata: { sum: value - state.dark }, payload: new NdArray(new Float64Array([value])) });
  }
}

describe("perRun", () => {
  test("may stand in a field; each run has its own state, which is still there for its Stop", async () => {
    const messages: readonly In[] = [
      start("a", 1),
      start("b", 2),
      frame("a", 1),
      frame("b", 10),
      frame("a", 5),
      frame("b", 10),
      stop("a"),
      frame("b", 25),
      stop("b"),
    ];
    const operator = new DarkCorrected();
    const { published, account } = await drive(operator, messages);
    expect(said(published)).toEqual(["start a", "start b", "sum 4", "stop a", "sum 5", "stop b"]);
    expect(
      published.filter(({ type }) => type === "stop").map((message) => message.type === "stop" && message.data),
    ).toEqual([{ frames: 1 }, { frames: 1 }]);
    expect(operator.runsOpen).toEqual([1, 2, 2, 1]);
    expect(account).toMatchObject({ received: 9, finished: 9, filtered: 3, published: 6 });
  });

  test("throws for a message whose run is not open, and for one without a run", async () => {
    class Asking extends Operator<In, In> {
      readonly #runs = this.perRun(() => 0);
      override process(message: In): undefined {
        this.#runs.of(message);
      }
    }
    const outside = new Event({ frame: 1 }, new NdArray(new Uint16Array(1)));
    const { error } = await drive(new Asking(), [outside]);
    expect(String(error)).toContain("no run");
    class Later extends Operator<In, In> {
      readonly #runs = this.perRun(() => 0);
      #first: In | undefined;
      override process(message: In): undefined {
        this.#first ??= message;
        if (message.run !== this.#first.run) this.#runs.of(this.#first);
      }
    }
    const { error: late } = await drive(new Later(), [...scan("a", 1), start("b")]);
    expect(late).toMatchObject({ cause: { code: "RUN_NOT_OPEN" } });
    expect(String(late)).toContain("a is not open");
  });
});

describe("the context", () => {
  test("attempt counts the tries of one message", async () => {
    const attempts: number[] = [];
    const operator = (message: In, context: Context): In => {
      if (message.type === "event") attempts.push(context.attempt);
      if (message.type === "event" && message.metadata.frame === 2 && context.attempt < 3) throw new Error("not yet");
      return message;
    };
    // biome-ignore lint/suspicious/noThenProperty: the name of the option
    const { published, error } = await drive(operator, scan("r", 3), { onError: { retries: 2, then: "fail" } });
    expect(error).toBeUndefined();
    expect(attempts).toEqual([1, 1, 2, 3, 1]);
    expect(said(published)).toEqual(["start r", "r 1", "r 2", "r 3", "stop r"]);
  });

  test("signal aborts when the call takes longer than processTimeoutMs, which is an error like another", async () => {
    let aborted = false;
    const operator = async (message: In, { signal }: Context): Promise<In> => {
      if (message.type !== "event") return message;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      aborted = signal.aborted;
      return message;
    };
    const { published, account } = await drive(operator, scan("r", 1), { processTimeoutMs: 20, onError: "skip" });
    expect(aborted).toBe(true);
    expect(said(published)).toEqual(["start r", "stop r"]);
    expect(account).toMatchObject({ finished: 2, failed: 1 });
  });
});

describe("an operator's life", () => {
  test("open comes before the first message and close after the last, of both parts of a composed one", async () => {
    const life: string[] = [];
    class Living extends Operator<In, In> {
      readonly #name: string;
      constructor(name: string) {
        super();
        this.#name = name;
      }
      override open(signal: AbortSignal): void {
        life.push(`open ${this.#name} ${signal.aborted}`);
      }
      override process(message: In): In {
        life.push(`${this.#name} ${message.type}`);
        return message;
      }
      override async close(): Promise<void> {
        life.push(`close ${this.#name}`);
      }
    }
    await drive(compose(new Living("first"), new Living("second")), [start("r"), stop("r")]);
    expect(life).toEqual([
      "open first false",
      "open second false",
      "first start",
      "second start",
      "first stop",
      "second stop",
      "close second",
      "close first",
    ]);
  });

  test("an event that is kept beyond its settlement is copied by keep()", async () => {
    const large = new Uint8Array(64 * 1024).fill(1);
    class Last extends Operator {
      kept: Event | undefined;
      override process(message: Message): Message {
        if (message.type === "event") this.kept = message.keep();
        return message;
      }
    }
    const last = new Last();
    await drive(last, [new Event({ frame: 1 }, large.subarray(0, 10))]);
    large.fill(9);
    expect(last.kept?.payload).toEqual(new Uint8Array(10).fill(1));
  });
});
