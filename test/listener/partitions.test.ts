import { expect, test } from "vitest";
import { AckPrefix } from "../../src/listener/ack-prefix.ts";
import type { Hop } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { InletSubject } from "./inlet-subject.ts";

const start = (): Start => new Start({}, { run: "r", origin: { stream: "det", partition: "!arroyo", sequence: 0 } });
const copy = (): Start => new Start({}, { ...start().envelope, resumed: true } as never);
const event = (): Event => new Event({}, new Uint8Array(0), { run: "r" });
const stop = (): Stop => new Stop({}, { run: "r" });
const next = (numbers: Readonly<Record<string, number>>): Partial<Hop> => ({
  topic: "!arroyo",
  next: new Map(Object.entries(numbers)),
});

/** Is an inlet of a log that is divided. */
function divided(...names: readonly string[]): InletSubject {
  const subject = new InletSubject({ replay: "log" });
  subject.inlet.partitions(names);
  return subject;
}

const at = (subject: InletSubject, partition: string, sequence: number): void =>
  void subject.hop(`${partition}-${sequence}`, event(), { topic: partition }, { sequence });
const takeOver = (subject: InletSubject): void => {
  const hop = { incarnation: "life-1", topic: "!arroyo", skipped: 0, shared: false, copy: true };
  void subject.inlet.takeOver({ message: copy(), stream: "det", hop });
};
const lostIn = (subject: InletSubject): unknown => subject.ledger.counts().lost;

test("partitions - each begins anywhere, and a gap in it is lost", () => {
  const subject = divided("1", "10");
  void subject.hop("start", start(), next({ "1": 5 }));
  at(subject, "1", 5);
  at(subject, "10", 700);
  at(subject, "10", 701);
  expect(lostIn(subject)).toBe(0);
  at(subject, "1", 8);
  at(subject, "10", 703);
  expect(lostIn(subject)).toBe(3);
});

test("partitions - names are whole: what stands in others is nothing of ours", () => {
  const subject = divided("1");
  void subject.hop("start", start(), next({ "1": 0, "10": 0, "2": 0 }));
  at(subject, "1", 0);
  const sent = [
    { topic: "1", events: 1, skipped: 0 },
    { topic: "10", events: 50, skipped: 0 },
  ];
  void subject.hop("stop", stop(), { ...next({ "1": 1, "10": 50 }), sent });
  expect(lostIn(subject)).toBe(0);
});

test("partitions - the tail that is missing is found by the Stop", () => {
  const subject = divided("0", "1");
  void subject.hop("start", start(), next({ "0": 0 }));
  at(subject, "0", 0);
  at(subject, "1", 0);
  const sent = [
    { topic: "0", events: 3, skipped: 0 },
    { topic: "1", events: 1, skipped: 0 },
  ];
  void subject.hop("stop", stop(), { ...next({ "0": 3, "1": 1 }), sent });
  expect(lostIn(subject)).toBe(2);
});

test("partitions - what another reader took meanwhile is not lost", () => {
  const subject = divided("0", "1");
  void subject.hop("start", start(), next({ "0": 0, "1": 0 }));
  at(subject, "0", 0);
  at(subject, "1", 0);
  subject.inlet.interrupted();
  subject.inlet.partitions(["0"]);
  at(subject, "0", 1);
  subject.inlet.partitions(["0", "1"]);
  takeOver(subject);
  at(subject, "1", 400);
  const sent = [
    { topic: "0", events: 2, skipped: 0 },
    { topic: "1", events: 401, skipped: 0 },
  ];
  void subject.hop("stop", stop(), { ...next({ "0": 2, "1": 401 }), sent });
  expect(lostIn(subject)).toBe(0);
  expect(subject.finish().length).toBeGreaterThan(0);
});

test("interrupted - ends the open runs, and what still comes resumes them", () => {
  const subject = divided("0");
  void subject.hop("start", start(), next({ "0": 0 }));
  at(subject, "0", 0);
  subject.inlet.interrupted();
  at(subject, "0", 1);
  const types = subject.take().map(({ message }) => {
    if (message.type === "start") return message.resumed ? "resumed" : "start";
    return message.type === "stop" ? message.reason : "event";
  });
  expect(types).toEqual(["start", "event", "interrupted", "resumed", "event"]);
});

test("take over - of a run whose Stop came in other partitions begins it again", () => {
  const subject = divided("0");
  void subject.hop("start", start(), next({ "0": 0 }));
  at(subject, "0", 0);
  void subject.hop("stop", stop(), next({ "0": 1 }));
  subject.inlet.partitions(["0", "1"]);
  takeOver(subject);
  at(subject, "1", 90);
  const types = subject.take().map(({ message }) => message.type);
  expect(types).toEqual(["start", "event", "stop", "start", "event"]);
  expect(subject.ledger.counts().reasons).not.toHaveProperty("after-stop");
});

test("take over - of a run that is open changes nothing, and the run is known to have come in part", () => {
  const subject = divided("0", "1");
  void subject.hop("start", start(), next({ "0": 0 }));
  takeOver(subject);
  expect(subject.take().map(({ message }) => message.type)).toEqual(["start"]);
  expect([...subject.ledger.runs][0]?.joinedAt).toBe(-1);
});

test("prefix - says when nothing more can be committed, and whether something was given back", () => {
  const committed: number[] = [];
  const prefix = new AckPrefix((sequence) => void committed.push(sequence));
  expect([prefix.settled, prefix.ended]).toEqual([true, false]);
  const [a, b, c] = [10, 11, 12].map((sequence) => prefix.track(sequence));
  void b?.ack();
  expect(prefix.settled).toBe(false);
  void c?.nack("stopped");
  expect([prefix.settled, prefix.ended]).toEqual([false, true]);
  void a?.ack();
  expect([prefix.settled, prefix.ended, committed]).toEqual([true, true, [11]]);
});
