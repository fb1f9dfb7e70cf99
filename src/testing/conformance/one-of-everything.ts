import { Event } from "../../message/event.ts";
import type { Data, Message } from "../../message/message.ts";
import { type Arrays, type DType, NdArray } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";

const CONTENT: Data = {
  text: "Größe µm 探测器 🙂",
  empty: "",
  truth: true,
  nothing: null,
  zero: 0,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  fraction: 0.1,
  tiny: 5e-324,
  list: [1, "two", [3, [4]], {}],
  nested: { a: { b: { c: "deep" } }, "key with spaces": 1 },
  "": "an empty key",
};

/** Makes one of everything that a message can carry: a run, every element type, all of an envelope, no run. */
export function oneOfEverything(): readonly Message[] {
  const run = "run/1 é";
  return [
    new Start({ ...CONTENT, bytes: Uint8Array.of(0, 255, 128) }, { run, timeMs: 1_700_000_000_000.25 }),
    ...Object.values(arrays()).map((payload, index) => new Event({ index, dtype: payload.dtype }, payload, { run })),
    new Event(
      { shape: "three axes" },
      new NdArray(
        Uint16Array.from({ length: 24 }, (_, n) => n),
        [2, 3, 4],
      ),
      { run },
    ),
    new Event({ shape: "none" }, new NdArray(Float64Array.of(Math.PI), []), { run }),
    new Event({ shape: "empty" }, new NdArray(new Float32Array(0), [0, 5]), { run }),
    new Event(
      CONTENT,
      Uint8Array.from({ length: 1000 }, (_, n) => n % 256),
      {
        run,
        key: "module-3",
        timeMs: 1_700_000_000_123.5,
        origin: { stream: "detector", partition: "p0", sequence: 2 ** 40 },
        headers: [
          ["kind", "light"],
          ["kind", "dark"],
          ["blob", Uint8Array.of(1, 2, 3)],
        ],
        trace: { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: "vendor=1" },
      },
    ),
    new Event({}, new Uint8Array(0), { run }),
    new Event({ belongs: "to no run" }, Uint8Array.of(1)),
    new Stop({ frames: 18, ok: true }, { run, timeMs: 1_700_000_001_000 }),
    new Start({}, { run: "run/2", resumed: true }),
    new Stop({}, { run: "run/2", reason: "abandoned" }),
    new Start({}, { run: "run/3" }),
    new Stop({ why: "moved" }, { run: "run/3", reason: "interrupted" }),
  ];
}

function arrays(): { readonly [T in DType]: NdArray<T> } {
  const of = <T extends DType>(dtype: T, data: Arrays[T]): NdArray<T> => new NdArray(data, [data.length], dtype);
  return {
    bool: of("bool", Uint8Array.of(1, 0, 1)),
    int8: of("int8", Int8Array.of(-128, 0, 127)),
    uint8: of("uint8", Uint8Array.of(0, 255)),
    int16: of("int16", Int16Array.of(-32_768, 32_767)),
    uint16: of("uint16", Uint16Array.of(0, 65_535)),
    int32: of("int32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1)),
    uint32: of("uint32", Uint32Array.of(0, 2 ** 32 - 1)),
    float32: of("float32", Float32Array.of(-0, 1.5, Number.POSITIVE_INFINITY, Number.NaN)),
    float64: of("float64", Float64Array.of(-0, 0.1, Number.NEGATIVE_INFINITY, Number.NaN)),
    float16: of("float16", Uint16Array.of(0x3c00, 0x7c00, 0x7e00)),
    int64: of("int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)),
    uint64: of("uint64", BigUint64Array.of(0n, 2n ** 64n - 1n)),
  };
}
