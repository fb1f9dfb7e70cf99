import { type DType, Event, type Message, NdArray, type NumberType, Start, Stop } from "arroyojs";
import { describe, expect, expectTypeOf, test } from "vitest";

type Scan = { readonly energy: number };
type Frame = { readonly frame: number };
type In = Start<Scan> | Event<Frame, NdArray<"uint16">> | Stop;

describe("NdArray", () => {
  test("the element type comes from the class of the typed array, and without a shape there is one dimension", () => {
    const arrays = {
      int8: new NdArray(new Int8Array(6)),
      uint8: new NdArray(new Uint8Array(6)),
      int16: new NdArray(new Int16Array(6)),
      uint16: new NdArray(new Uint16Array(6)),
      int32: new NdArray(new Int32Array(6)),
      uint32: new NdArray(new Uint32Array(6)),
      float32: new NdArray(new Float32Array(6)),
      float64: new NdArray(new Float64Array(6)),
      int64: new NdArray(new BigInt64Array(6)),
      uint64: new NdArray(new BigUint64Array(6)),
    };
    expectTypeOf(arrays.uint16).toEqualTypeOf<NdArray<"uint16">>();
    expectTypeOf(arrays.int64).toEqualTypeOf<NdArray<"int64">>();
    for (const [dtype, array] of Object.entries(arrays)) {
      expect(array.dtype).toBe(dtype);
      expect(array.shape).toEqual([6]);
      expect(array.byteLength).toBe(array.data.byteLength);
    }
  });

  test("a shape is kept, and has to fit the data", () => {
    const data = new Uint16Array([1, 2, 3, 4, 5, 6]);
    const array = new NdArray<"uint16">(data, [2, 3]);
    expect(array.shape).toEqual([2, 3]);
    expect(array.data).toBe(data);
    expect(() => new NdArray(data, [2, 2])).toThrow("4 elements, the data has 6");
  });

  test("is() tells the element type, also to the compiler", () => {
    const array: NdArray<DType> = new NdArray<"int64">(new BigInt64Array([7n]));
    expect(array.is("uint16")).toBe(false);
    if (!array.is("int64")) throw new Error("it is");
    expectTypeOf(array.data).toExtend<BigInt64Array>();
    expect(array.data[0]).toBe(7n);
  });
});

describe("Event.array()", () => {
  const bytes: Event<Frame> = new Event({ frame: 1 }, new Uint8Array(4));
  const signed = new Event({ frame: 1 }, new NdArray(new Int32Array([1, -2])));

  test("gives plain numbers", () => {
    const event: Event = new Event({}, new NdArray(new Float32Array([1.5, 2.5])));
    expectTypeOf(event.array()).toEqualTypeOf<NdArray<NumberType>>();
    let sum = 0;
    for (const value of event.array().data) sum += value;
    expect(sum).toBe(4);
  });

  test("keeps the element type that the event's type names", () => {
    expectTypeOf(signed.array()).toEqualTypeOf<NdArray<"int32">>();
    expectTypeOf(signed.array().data).toEqualTypeOf<Int32Array>();
    expect(signed.array()).toBe(signed.payload);
    expect(signed.array("int32").data[1]).toBe(-2);
  });

  test("throws for another element type, naming both", () => {
    expect(() => signed.array("uint16")).toThrow("expected uint16, got int32");
  });

  test("throws for bytes", () => {
    expect(() => bytes.array()).toThrow("got bytes");
    expect(() => bytes.array("uint8")).toThrow("expected uint8, got bytes");
  });

  test("throws for 64-bit integers and float16, unless the type is named", () => {
    const arrays = [
      new NdArray<"int64">(new BigInt64Array([1n])),
      new NdArray<"uint64">(new BigUint64Array([1n])),
      new NdArray<"float16">(new Uint16Array([0x3c00]), [1], "float16"),
    ];
    for (const array of arrays) {
      const event: Event = new Event({}, array);
      expect(() => event.array()).toThrow(array.dtype);
      expect(event.array(array.dtype)).toBe(array);
    }
    expectTypeOf(
      new Event({}, new NdArray<"int64">(new BigInt64Array(1))).array("int64").data,
    ).toExtend<BigInt64Array>();
  });
});

describe("Start, Event and Stop", () => {
  const headers = [
    ["detector", "A"],
    ["raw", new Uint8Array([1])],
    ["detector", "B"],
  ] as const;
  const origin = { stream: "source", partition: "0", sequence: 7 };

  test("a Start without a run makes a random one and keeps it", () => {
    const start = new Start({ energy: 8 });
    expect(start.run).toMatch(/^.{8,}$/);
    expect(start.run).toBe(start.run);
    expect(start.envelope.run).toBe(start.run);
    expect(new Start({ energy: 8 }).run).not.toBe(start.run);
  });

  test("a Start has what it was given, and is not resumed unless it says so", () => {
    const start = new Start<Scan>({ energy: 8 }, { run: "r", key: "k", timeMs: 1.5, origin, headers });
    expect(start.type).toBe("start");
    expect(start.data.energy).toBe(8);
    expect(start.run).toBe("r");
    expect(start.resumed).toBe(false);
    expect(start.envelope).toEqual({ run: "r", key: "k", timeMs: 1.5, origin, headers });
    expect(new Start({}, { run: "r", resumed: true }).resumed).toBe(true);
  });

  test("an Event may belong to no run", () => {
    const event = new Event({ frame: 1 }, new Uint8Array(0));
    expect(event.type).toBe("event");
    expect(event.run).toBeUndefined();
    expect(event.envelope).toEqual({});
  });

  test("a Stop is completed unless it says otherwise, and has no account of its own", () => {
    const stop = new Stop({ frames: 3 }, { run: "r" });
    expect(stop.type).toBe("stop");
    expect([stop.run, stop.reason, stop.account]).toEqual(["r", "completed", undefined]);
    expect(new Stop({}, { run: "r", reason: "abandoned" }).reason).toBe("abandoned");
  });

  test("with() changes the content that is given and keeps the rest and the envelope", () => {
    const event = new Event({ frame: 1 }, new NdArray(new Uint16Array([1, 2])), {
      run: "r",
      key: "k",
      timeMs: 2,
      origin,
      headers,
    });
    const other = event.with({ metadata: { mean: 1.5 } });
    expectTypeOf(other).toEqualTypeOf<Event<{ mean: number }, NdArray<"uint16">>>();
    expect(other.metadata.mean).toBe(1.5);
    expect(other.payload).toBe(event.payload);
    expect(other.envelope).toEqual(event.envelope);
    const bytes = event.with({ payload: new Uint8Array([1]) });
    expectTypeOf(bytes.payload).toExtend<Uint8Array>();
    expect(bytes.metadata).toBe(event.metadata);
    expect(bytes.run).toBe("r");
    expect(event.with({ metadata: undefined }).metadata).toBeUndefined();
    expect(event.with({}).metadata).toBe(event.metadata);
  });

  test("field() gives one key of the metadata, and nothing for what is not there", () => {
    const event = new Event({ frame: 1, nested: { a: 1 } }, new Uint8Array(0));
    expect(event.field("frame")).toBe(1);
    expect(event.field("nested")).toEqual({ a: 1 });
    expect(event.field("other")).toBeUndefined();
    expect(event.field("toString")).toBeUndefined();
  });

  test("keep() copies what would keep a larger buffer alive, and nothing else", () => {
    const large = new Uint8Array(64 * 1024);
    large.fill(3, 0, 100);
    const small = new Event({ frame: 1 }, large.subarray(0, 100), { run: "r" });
    const kept = small.keep();
    expectTypeOf(kept).toEqualTypeOf(small);
    expect(kept.payload.buffer.byteLength).toBe(100);
    expect(kept.payload).toEqual(small.payload);
    expect([kept.metadata, kept.run]).toEqual([small.metadata, "r"]);
    const whole = new Event({ frame: 1 }, new NdArray(new Float64Array(4), [2, 2]));
    expect(whole.keep()).toBe(whole);
  });

  test("a message of a user's union narrows by its type, and is a message of unknown contents", () => {
    const about = (message: In): string => {
      switch (message.type) {
        case "start":
          return `energy ${message.data.energy}`;
        case "event":
          return `frame ${message.metadata.frame} of ${message.array().data.length}`;
        case "stop":
          return message.reason;
      }
    };
    const messages: readonly In[] = [
      new Start({ energy: 8 }, { run: "r" }),
      new Event({ frame: 1 }, new NdArray(new Uint16Array(4)), { run: "r" }),
      new Stop({}, { run: "r" }),
    ];
    expect(messages.map(about)).toEqual(["energy 8", "frame 1 of 4", "completed"]);
    const unknown: readonly Message[] = messages;
    expect(unknown[0]?.type === "start" && unknown[0].data["energy"]).toBe(8);
  });
});
