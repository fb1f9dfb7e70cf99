import { describe, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import type { Context } from "../../../src/operator/context.ts";
import { Operator } from "../../../src/operator/operator.ts";
import { operatorSuite } from "../../../src/testing/conformance/operator.ts";
import { findsFaults } from "./broken.ts";

const events = 4;

function run(id: string): readonly Message[] {
  const envelope = { run: id };
  const frame = (n: number): Message => new Event({ n }, new NdArray(Uint16Array.of(n, 2 * n, 3 * n)), envelope);
  return [
    new Start({ of: id }, envelope),
    ...Array.from({ length: events }, (_, n) => frame(n)),
    new Stop({ frames: events }, envelope),
  ];
}

let instances = 0;

/** Adds up the frames of a run and gives every second sum; with a fault it does one thing wrong. */
class RunningSum extends Operator<Message, Message> {
  readonly #fault: string;
  readonly #runs = this.perRun(() => ({ sum: 0, frames: 0 }));
  readonly #number: number;
  #shared = { sum: 0, frames: 0 };

  constructor(fault: string) {
    super();
    this.#fault = fault;
    instances += 1;
    this.#number = instances;
  }

  override process(message: Message, context: Context): Message | readonly Message[] | undefined {
    const fault = this.#fault;
    if (message.type === "start") {
      if (fault === "keeps state of the last run") return message;
      if (fault === "begins its state anew at each Start, for all runs") this.#shared = { sum: 0, frames: 0 };
      return fault === "gives two Starts" ? [message, new Start({}, { run: message.run })] : message;
    }
    if (message.type === "stop") {
      if (fault === "needs events" && this.#runs.of(message).frames === 0) throw new Error("no frames");
      if (fault === "keeps the Stop to itself") return undefined;
      if (fault === "wants a whole run" && message.reason !== "completed") throw new Error("the run is not whole");
      return message;
    }
    const ownState = !fault.includes("state");
    const state = ownState ? this.#runs.of(message) : this.#shared;
    const { data } = message.array("uint16");
    for (const value of data) state.sum += value;
    state.frames += 1;
    if (fault === "changes its input") data[0] = 7;
    if (fault === "fails at the third frame" && state.frames === 3) throw new Error("the third frame");
    if (fault === "holds and never lets go") context.hold();
    if (state.frames % 2 === 1) return undefined;
    const sum = fault === "depends on the instance" ? state.sum + this.#number : state.sum;
    return message.with({ metadata: { sum }, payload: new Uint8Array(0) });
  }

  override flush(reason: string): Message | undefined {
    return this.#fault === "speaks without being asked" && reason === "drain"
      ? new Event({ late: true }, new Uint8Array(0))
      : undefined;
  }
}

describe("operator suite", () => {
  const suite = (fault: string) =>
    operatorSuite<Message, AnyMessage>({ name: "running sum", make: () => new RunningSum(fault), run });

  describe("an operator that does everything right passes", () => {
    for (const each of suite("")) test(each.name, each.run);
  });

  describe("a function passes", () => {
    const cases = operatorSuite<Message, Message>({ name: "pass", make: () => (message) => message, run });
    for (const each of cases) test(each.name, each.run);
  });

  findsFaults(
    {
      "fails at the third frame": ["run - every message is acknowledged"],
      "gives two Starts": ["run - one Start"],
      "keeps the Stop to itself": ["run - one Start"],
      "needs events": ["run - one without events"],
      "wants a whole run": ["run - one without its Stop"],
      "keeps state of the last run": ["run - the same one again"],
      "begins its state anew at each Start, for all runs": ["runs - two that take turns"],
      "depends on the instance": ["instances"],
      "changes its input": ["input"],
      "speaks without being asked": ["nothing"],
      "holds and never lets go": ["queue"],
    },
    suite,
  );
});
