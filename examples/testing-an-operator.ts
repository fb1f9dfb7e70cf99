// Tests of an operator, without a transport and without waiting: drive() gives it messages as a block would, through the
// same queue and the same settlement, on a clock that jumps. Any test runner does; this is Node's own.
// Run it with: npx tsx examples/testing-an-operator.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Context, Event, Operator, Start, Stop } from "arroyojs";
import { drive, operatorSuite } from "arroyojs/testing";

type Readings = Start | Event<{ celsius: number }, Uint8Array> | Stop;
type Means = Start | Event<{ mean: number }, Uint8Array> | Stop;

/** Gives the mean of each pair of readings. */
class MeanOfTwo extends Operator<Readings, Means> {
  readonly #runs = this.perRun(() => ({ first: Number.NaN }));

  override process(message: Readings, context: Context): Means | undefined {
    if (message.type === "start") return message;
    if (message.type === "stop") {
      context.release(); // a reading without a second one
      return message;
    }
    const { celsius } = message.metadata;
    if (celsius < -273.15) throw new Error(`${celsius} degrees cannot be`);
    const state = this.#runs.of(message);
    const mean = (state.first + celsius) / 2;
    context.hold();
    state.first = Number.isNaN(mean) ? celsius : Number.NaN;
    if (Number.isNaN(mean)) return undefined;
    context.release();
    return message.with({ metadata: { mean } });
  }
}

const start = new Start({}, { run: "night" });
const reading = (celsius: number, run = "night") => new Event({ celsius }, new Uint8Array(0), { run });
const stop = new Stop({}, { run: "night" });

test("two readings give their mean, in the same run", async () => {
  const { published, account } = await drive(new MeanOfTwo(), [start, reading(10), reading(20), stop]);
  assert.deepEqual(published, [start, new Event({ mean: 15 }, new Uint8Array(0), { run: "night" }), stop]);
  assert.deepEqual([account.received, account.finished, account.reduced], [4, 4, 2]);
});

test("a reading that cannot be fails the block, and is given back with all that came later", async () => {
  const { settled, error } = await drive(new MeanOfTwo(), [start, reading(10), reading(20), reading(-300), reading(1)]);
  assert.match(String(error), /-300 degrees cannot be/);
  assert.deepEqual(settled, ["acked", "acked", "acked", "nacked", "nacked"]);
});

test("or is left out and counted, if we say so", async () => {
  const messages = [start, reading(10), reading(-300), reading(20), stop];
  const { published, account } = await drive(new MeanOfTwo(), messages, { onError: "skip" });
  assert.equal(published.length, 3);
  assert.deepEqual([account.failed, account.reasons], [1, { "process: -300 degrees cannot be": 1 }]);
});

test("a source that is gone in the middle of a run: the operator still sees a Stop", async () => {
  const { published } = await drive(new MeanOfTwo(), [start, reading(10)]);
  const last = published.at(-1);
  assert.equal(last?.type === "stop" && last.reason, "abandoned"); // made by the platform
});

// What every operator should do with runs that are whole, empty, broken off, repeated, or mixed with others.
const cases = operatorSuite({
  name: "MeanOfTwo",
  make: () => new MeanOfTwo(),
  run: (run) => [new Start({}, { run }), reading(10, run), reading(20, run), reading(5, run), new Stop({}, { run })],
});
for (const each of cases) test(each.name, each.run);
