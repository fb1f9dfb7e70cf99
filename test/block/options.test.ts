import { describe, expect, test } from "vitest";
import { Block } from "../../src/block/block.ts";
import { HandListener, HandPublisher } from "./hand-driven.ts";

const listeners = [new HandListener()];
// biome-ignore lint/suspicious/noExplicitAny: what a program without types may pass
const make = (options: Record<string, unknown>): unknown => new Block({ name: "b", listeners, ...options } as any);
const publisher = new HandPublisher();
const onError = (retries: unknown, then: unknown) => ({ retries, then });

const REFUSED: readonly (readonly [option: Record<string, unknown>, told: string])[] = [
  [{ name: undefined }, "Block: name must be a text that is not empty"],
  [{ name: 7 }, "Block: name must be a text that is not empty"],
  [{ retries: 3 }, 'block b: there is no option "retries"; there are: name, description, listeners'],
  [{ guarantee: "exactly-once" }, 'block b: guarantee must be at-least-once, at-most-once; got "exactly-once"'],
  [{ recover: "all" }, 'block b: recover must be message, run; got "all"'],
  [{ withoutStart: true }, "block b: withoutStart must be drop, make; got true"],
  [{ overflow: "drop" }, 'block b: overflow must be block, drop-oldest, drop-newest, latest; got "drop"'],
  [{ concurrency: 0 }, "block b: concurrency must be a whole number from 1 up; got 0"],
  [{ concurrency: 1.5 }, "block b: concurrency must be a whole number from 1 up; got 1.5"],
  [{ maxMessages: "10" }, "block b: maxMessages must be a whole number from 1 up; got 10"],
  [{ maxBytes: Number.NaN }, "block b: maxBytes must be a whole number from 1 up; got NaN"],
  [{ maxOpenRuns: -1 }, "block b: maxOpenRuns must be a whole number from 1 up; got -1"],
  [{ processTimeoutMs: 0 }, "block b: processTimeoutMs must be a number above 0; got 0"],
  [{ startWaitMs: -5 }, "block b: startWaitMs must be a number above 0; got -5"],
  [{ abandonAfterMs: "10s" }, "block b: abandonAfterMs must be a number above 0; got 10s"],
  [{ drainMs: -1 }, "block b: drainMs must be a whole number from 0 up; got -1"],
  [{ onError: "ignore" }, 'block b: onError must be fail, skip, dead-letter; got "ignore"'],
  [{ onError: onError(2, "retry") }, 'block b: onError must be fail, skip, dead-letter; got "retry"'],
  [{ onError: onError(-1, "skip") }, "block b: onError.retries must be a whole number from 0 up; got -1"],
  [{ publishers: [{}] }, "block b: publishers: expected a publisher or { publisher, ... }"],
  [
    { publishers: [{ publisher, overflow: "none" }] },
    'block b: publisher HandPublisher: overflow must be block, drop-oldest, drop-newest, latest; got "none"',
  ],
  [
    { publishers: [{ publisher, maxMessages: 0 }] },
    "block b: publisher HandPublisher: maxMessages must be a whole number from 1 up; got 0",
  ],
  [
    { publishers: [{ publisher, required: false, overflow: "block" }] },
    'block b: publisher HandPublisher: overflow "block" would delay the others',
  ],
];

describe("block options", () => {
  test.each(REFUSED)("refused - %o", (option, told) => {
    expect(() => make(option)).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => make(option)).toThrow(told);
  });

  test.each([
    { drainMs: 0 },
    { processTimeoutMs: 0.5 },
    { abandonAfterMs: Number.POSITIVE_INFINITY },
    { onError: onError(undefined, "skip") },
    { publishers: [{ publisher, required: false, overflow: "latest" }] },
    { maxMessages: 1, maxBytes: 1, concurrency: 1, maxOpenRuns: 1 },
    { concurrency: undefined, overflow: undefined },
  ])("taken - %o", (option) => {
    expect(() => make(option)).not.toThrow();
  });
});
