import { expect, test } from "vitest";
import { LagWatch, lagNews } from "../../src/listener/lag-watch.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { RecordingInlet } from "../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../src/testing/conformance/until.ts";

/** An inlet that hears of lag. */
function hearing(): { inlet: RecordingInlet; heard: ReadonlyMap<string, number>[] } {
  const heard: ReadonlyMap<string, number>[] = [];
  const inlet = Object.assign(new RecordingInlet(nativeCodec), {
    putDecoded: () => undefined,
    lag: (waiting: ReadonlyMap<string, number>) => void heard.push(waiting),
  });
  return { inlet, heard };
}

test("lag - is asked for again and again, and not after the end", async () => {
  const { inlet, heard } = hearing();
  let asked = 0;
  const watch = new LagWatch(
    inlet,
    () => {
      asked += 1;
      return Promise.resolve(new Map([["", asked]]));
    },
    1,
  );
  watch.begin();
  await until(() => heard.length >= 3, "three answers");
  watch.end();
  expect(heard.slice(0, 3).map((waiting) => waiting.get(""))).toEqual([1, 2, 3]);
  const before = asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(before);
});

test("lag - a source that cannot tell is left alone after some questions", async () => {
  const { inlet, heard } = hearing();
  let asked = 0;
  const watch = new LagWatch(
    inlet,
    async () => {
      asked += 1;
      throw new Error("no");
    },
    1,
  );
  watch.begin();
  await until(() => asked === 3, "three questions");
  await new Promise((resolve) => setImmediate(resolve));
  expect([asked, heard.length]).toEqual([3, 0]);
});

test("lag - nobody is asked where nobody hears it", async () => {
  let asked = 0;
  new LagWatch(new RecordingInlet(nativeCodec), async () => {
    asked += 1;
    return new Map();
  }).begin();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(0);
});

test("lag - is told as a sum, with the partitions where there are some", () => {
  expect(lagNews("KafkaListener", new Map(Object.entries({ "0": 2, "3": 5 })))).toEqual({
    part: "KafkaListener",
    messages: 7,
    partitions: { "0": 2, "3": 5 },
  });
  expect(lagNews("AmqpListener", new Map([["", 4]]))).toEqual({ part: "AmqpListener", messages: 4 });
});
