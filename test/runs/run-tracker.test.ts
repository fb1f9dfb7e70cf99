import { describe, expect, test } from "vitest";
import { Start } from "../../src/message/start.ts";
import { type Effect, RunTracker, type TrackerOptions } from "../../src/runs/run-tracker.ts";

interface Item {
  readonly name: string;
  readonly bytes: number;
}

const OPTIONS: TrackerOptions = {
  startWaitMs: 1_000,
  abandonAfterMs: 10_000,
  maxOpenRuns: 3,
  withoutStart: "drop",
  maxWaiting: 4,
  maxWaitingBytes: 1_000,
};

const item = (name: string, bytes = 1): Item => ({ name, bytes });
const start = (run: string, sequence?: number): Start =>
  new Start({}, { run, ...(sequence === undefined ? {} : { origin: { stream: "s", partition: "", sequence } }) });

/** Says in one text what is to be done. */
function told(effects: readonly Effect<Item>[]): string {
  return effects
    .map((effect) => {
      if (effect.do === "open") {
        return `open ${effect.run.id}${effect.start.resumed ? " resumed" : ""}${effect.item === undefined ? " made" : ""}`;
      }
      if (effect.do === "end") return `end ${effect.run.id} ${effect.reason}`;
      return effect.do === "pass" ? `pass ${effect.item.name}` : `drop ${effect.item.name} ${effect.reason}`;
    })
    .join(", ");
}

function made(options: Partial<TrackerOptions> = {}) {
  const tracker = new RunTracker<Item>({ ...OPTIONS, ...options });
  return { tracker, source: tracker.source("life-1", "detector") };
}

describe("run tracker", () => {
  test("a run - goes from its Start over its events to its Stop", () => {
    const { tracker, source } = made();
    expect(told(tracker.start(source, start("r"), item("S"), false))).toBe("open r");
    expect(told(tracker.event(source, "r", item("e"), 0))).toBe("pass e");
    expect(told(tracker.stop(source, "r", item("T"), 0, "completed"))).toBe("pass T");
    expect([...tracker.openRuns]).toEqual([]);
  });

  test("the same Start again - nothing comes of it", () => {
    const { tracker, source } = made();
    tracker.start(source, start("r", 5), item("S"), false);
    expect(told(tracker.start(source, start("r", 5), item("again"), false))).toBe("drop again copy");
    expect(told(tracker.start(source, start("r", 9), item("copied"), true))).toBe("drop copied copy");
  });

  test("a Start of its own under an open run's id - the open one is interrupted", () => {
    const { tracker, source } = made();
    tracker.start(source, start("r", 5), item("S"), false);
    expect(told(tracker.start(source, start("r", 6), item("new"), false))).toBe("end r interrupted, open r");
  });

  test("a newer life of the stream - interrupts, and what the old one still sends is left out", () => {
    const { tracker, source } = made();
    tracker.start(source, start("r", 5), item("S"), false);
    const newer = tracker.source("life-2", "detector");
    expect(told(tracker.start(newer, start("r", 0), item("new"), false))).toBe("end r interrupted, open r");
    expect(told(tracker.event(source, "r", item("late"), 0))).toBe("drop late superseded");
    expect(told(tracker.start(source, start("r", 5), item("copy"), true))).toBe("drop copy superseded");
    expect(told(tracker.event(newer, "r", item("e"), 0))).toBe("pass e");
  });

  test("two streams with the same run id - are two runs", () => {
    const { tracker, source } = made();
    const other = tracker.source("life-2", "monochromator");
    tracker.start(source, start("r"), item("S"), false);
    expect(told(tracker.start(other, start("r"), item("S2"), false))).toBe("open r");
    expect([...tracker.openRuns].map(({ stream }) => stream)).toEqual(["detector", "monochromator"]);
  });

  test("events before their Start - wait for it, and it goes first, resumed", () => {
    const { tracker, source } = made();
    expect(told(tracker.event(source, "r", item("e1"), 0))).toBe("");
    expect(told(tracker.event(source, "r", item("e2"), 10))).toBe("");
    expect(told(tracker.start(source, start("r"), item("S"), false))).toBe("open r resumed, pass e1, pass e2");
  });

  test("events before their Start - a Stop among them ends the run with its own reason", () => {
    const { tracker, source } = made();
    tracker.event(source, "r", item("e"), 0);
    expect(told(tracker.stop(source, "r", item("T"), 0, "interrupted"))).toBe("");
    expect(told(tracker.start(source, start("r"), item("S"), false))).toBe("open r resumed, pass e, pass T");
    expect(source.runs.get("r")?.endedAs).toBe("interrupted");
  });

  test("no Start in time - the events are dropped, and later ones at once", () => {
    const { tracker, source } = made();
    tracker.event(source, "r", item("e1"), 0);
    expect(told(tracker.tick(999, 0))).toBe("");
    expect(told(tracker.tick(1_000, 0))).toBe("drop e1 no-start");
    expect(told(tracker.event(source, "r", item("e2"), 1_001))).toBe("drop e2 no-start");
    expect(told(tracker.start(source, start("r"), item("S"), false))).toBe("open r resumed");
  });

  test("no Start in time - one is made where that is asked for", () => {
    const { tracker, source } = made({ withoutStart: "make" });
    tracker.event(source, "r", item("e1"), 0);
    expect(told(tracker.tick(1_000, 0))).toBe("open r resumed made, pass e1");
  });

  test("waiting events - are bounded in number and bytes", () => {
    const { tracker, source } = made();
    for (let index = 0; index < 4; index += 1) expect(tracker.event(source, "r", item(`e${index}`), 0)).toEqual([]);
    expect(told(tracker.event(source, "r", item("e5"), 0))).toBe("drop e5 no-start");
    const bytes = made();
    expect(told(bytes.tracker.event(bytes.source, "r", item("large", 1_001), 0))).toBe("drop large no-start");
  });

  test("after the Stop - copies of the Start and events are left out, a Start of its own is a new run", () => {
    const { tracker, source } = made();
    tracker.start(source, start("r", 5), item("S"), false);
    tracker.stop(source, "r", item("T"), 0, "completed");
    expect(told(tracker.start(source, start("r", 5), item("copy"), false))).toBe("drop copy after-stop");
    expect(told(tracker.event(source, "r", item("e"), 0))).toBe("drop e after-stop");
    expect(told(tracker.stop(source, "r", item("T2"), 0, "completed"))).toBe("drop T2 after-stop");
    expect(told(tracker.start(source, start("r", 6), item("S2"), false))).toBe("open r");
  });

  test("after a Stop that was no end - the run's Start goes on with it, where the source wrote it anew", () => {
    for (const reason of ["interrupted", "abandoned"] as const) {
      const { tracker, source } = made();
      tracker.start(source, start("r", 5), item("S"), false, 7);
      tracker.stop(source, "r", item("T"), 0, reason);
      expect(told(tracker.start(source, start("r", 5), item("old"), false, 7))).toBe("drop old after-stop");
      expect(told(tracker.start(source, start("r", 5), item("copied"), true, 9))).toBe("drop copied after-stop");
      expect(told(tracker.start(source, start("r", 5), item("S2"), false, 9))).toBe("open r resumed");
      expect(told(tracker.event(source, "r", item("e"), 0))).toBe("pass e");
      tracker.stop(source, "r", item("T2"), 0, reason);
      expect(told(tracker.start(source, start("r", 5), item("old"), false, 9))).toBe("drop old after-stop");
    }
  });

  test("after a Stop that was no end, without numbers - only a Start that says that it was given again goes on", () => {
    const { tracker, source } = made();
    const again = new Start({}, { ...start("r", 5).envelope, run: "r", resumed: true });
    tracker.start(source, start("r", 5), item("S"), false);
    tracker.stop(source, "r", item("T"), 0, "interrupted");
    expect(told(tracker.start(source, start("r", 5), item("copy"), false))).toBe("drop copy after-stop");
    expect(told(tracker.start(source, again, item("S2"), false))).toBe("open r resumed");
    tracker.stop(source, "r", item("T2"), 0, "completed");
    expect(told(tracker.start(source, again, item("S3"), false))).toBe("drop S3 after-stop");
  });

  test("a Stop of a run that is not open - nothing comes of it", () => {
    const { tracker, source } = made();
    expect(told(tracker.stop(source, "r", item("T"), 0, "completed"))).toBe("drop T not-open");
  });

  test("a silent source - its runs are abandoned, and go on resumed when it is heard again", () => {
    const { tracker, source } = made();
    source.timed = true;
    tracker.start(source, start("r", 5), item("S"), false);
    expect(told(tracker.tick(0, 10_000))).toBe("");
    expect(told(tracker.tick(0, 10_001))).toBe("end r abandoned");
    expect(told(tracker.event(source, "r", item("e"), 0))).toBe("open r resumed made, pass e");
  });

  test("a source without signs of life - may be silent for ever", () => {
    const { tracker, source } = made();
    tracker.start(source, start("r"), item("S"), false);
    expect(told(tracker.tick(1e12, 1e12))).toBe("");
  });

  test("a sign of life without the run - its Stop was lost", () => {
    const { tracker, source } = made();
    tracker.start(source, start("a"), item("S"), false);
    tracker.start(source, start("b"), item("S"), false);
    expect(told(tracker.alive(source, new Set(["b"])))).toBe("end a abandoned");
  });

  test("too many open runs - the oldest is abandoned", () => {
    const { tracker, source } = made();
    for (const run of ["a", "b", "c"]) tracker.start(source, start(run), item("S"), false);
    expect(told(tracker.start(source, start("d"), item("S"), false))).toBe("end a abandoned, open d");
  });

  test("the end - all runs end, and what waits for a Start is decided", () => {
    const { tracker, source } = made();
    tracker.start(source, start("a"), item("S"), false);
    tracker.event(source, "b", item("e"), 0);
    expect(told(tracker.endAll("interrupted"))).toBe("drop e no-start, end a interrupted");
    expect(told(tracker.endAll("interrupted"))).toBe("");
  });

  test("memory - neither runs nor sources pile up, whatever ids come", () => {
    const { tracker } = made();
    for (let index = 0; index < 2_000; index += 1) {
      const source = tracker.source(`life-${index}`, "detector");
      tracker.event(source, `r${index}`, item("e"), 0);
      tracker.start(source, start(`q${index}`, index), item("S"), false);
      tracker.stop(source, `q${index}`, item("T"), 0, "completed");
      expect(source.runs.size).toBeLessThanOrEqual(2);
    }
    expect([...tracker.openRuns]).toEqual([]);
    expect(tracker.abandonWaiting().length).toBeLessThanOrEqual(OPTIONS.maxWaiting);
  });
});
