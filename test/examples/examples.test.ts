import { describe, expect, test } from "vitest";
import { FENCES, nameOf } from "./documents.ts";
import { filesBelow, ranExample } from "./programs.ts";

/** What each program says: lines of standard output, in order, and what must stand in standard error. */
const EXPECTED: Readonly<
  Record<string, { readonly lines: readonly (string | RegExp)[]; readonly says?: readonly RegExp[] }>
> = {
  "examples/first-operator.ts": {
    lines: ["start of scan-7", "image 4: 1048576 counts", "image 10: 2621440 counts", "stop of scan-7"],
    says: [/^scan-7 \(completed\) +12 +12 +0 +0 +0 +0 +0 +3 +0 +9$/m],
  },
  "examples/dark-correction.ts": {
    lines: ["scan-1 image 4, 4 x 4: pixel 0 = 400", "scan-2 image 6, 4 x 4: pixel 0 = 600"],
    says: [/^all +16 +16 +0 +0 +0 +0 +0 +6 +0 +10$/m],
  },
  "examples/two-publishers.ts": {
    lines: ['file: 302 lines, from "start" to "stop"', /^live picture: \d+ of 300 images$/],
    says: [/^scan-7 \(completed\) +302 +302 +0 .* 302$/m, /^ +\d+ x LivePicture: superseded$/m],
  },
  "examples/chain/main.ts": {
    lines: [
      "start of scan-7",
      "{ image: 100, counts: 0 }",
      "stop of scan-7",
      "detector: received 102, published 101, lost 0",
      "reduce: received 102, published 101, lost 0",
      "store: received 102, published 102, lost 0",
    ],
  },
  "examples/chain/kill.ts": {
    lines: [
      "start of scan-7",
      "stop of scan-7: interrupted",
      "start of scan-7, given again",
      "stop of scan-7: completed",
      /^\d+ of detector lost, missing: \d+-\d+/,
    ],
    says: [/scan-7: joined at \d+/],
  },
  "examples/batching.ts": {
    lines: [
      "start",
      "sum of 10 images",
      "sum of 10 images",
      "flush: timer",
      "sum of 5 images",
      "sum of 7 images",
      "stop",
      "flush: drain",
    ],
    says: [/^all +34 +34 +0 +0 +0 +0 +0 +0 +33 +6$/m],
  },
  "examples/late-join.ts": {
    lines: [
      "start of scan-7, resumed: true { sample: 'silver behenate' }",
      "stop of scan-7, completed",
      "joined in the middle: true, lost since then: 0",
    ],
    says: [/scan-7: joined at \d+/],
  },
  "examples/overflow.ts": {
    lines: [
      "block: received 202 = finished 202 + dropped 0",
      /^drop-oldest: received 202 = finished \d+ \+ dropped [1-9]\d*$/,
    ],
    says: [/\d+ x queue-full-oldest/],
  },
  "examples/custom-listener/main.ts": {
    lines: ["start { sensor: 'cryostat' }", "{ kelvin: 4.5 }", "{ kelvin: 4.6 }", "{ kelvin: 4.8 }", "stop {}"],
    says: [/InstrumentListener: trying again: /, /rejected: not JSON/, /^all +(\d+) +\1 +0 +0 +0 +0 +0 /m],
  },
  "examples/custom-publisher/main.ts": {
    lines: ["1002 lines; line 2:", "  metadata: { n: 1 },"],
    says: [/^all +1002 +1002 +0 +0 +0 +0 +0 +0 +0 +1002$/m],
  },
  "examples/custom-codec/main.ts": {
    lines: ["start", "count 1: 1000, 7", "count 2: 998, 9", "count 4: 1003, 6", "count 5: 1001, 8", "stop"],
    says: [
      /^scan-7 \(completed\) +6 +6 +0 +0 +0 +0 +1 +0 +0 +6$/m,
      /1 x rejected: counter: expected BEGIN, COUNT or END/,
    ],
  },
  "examples/threads/main.ts": {
    lines: [
      "start {}",
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((image) => `image ${image}: 1030 counts`),
      "stop { images: 8 }",
    ],
    says: [/^scan-7 \(completed\) +10 +10 +0 +0 +0 +0 +0 +0 +0 +10$/m],
  },
  "examples/testing-an-operator.ts": { lines: [/^# pass \d\d$/, /^# fail 0$/] },
  "examples/two-blocks.ts": {
    lines: [1, 3, 5, 7, 9].map((image) => `image ${image}: brightest pixel ${image}`),
    says: [/^odd /m, /^brightest /m],
  },
  "examples/merge-runs.ts": {
    lines: ["start", "image 1, 4 x 4", "image 2, 4 x 4", "image 4, 4 x 4", "no second half for image 3", "stop"],
    says: [/^all +11 +11 +0 +0 +0 +0 +0 /m],
  },
  "examples/recover-run.ts": {
    lines: [
      'recover: "message"',
      "first: process failed: out of memory, say",
      "start of scan-7, resumed: true",
      "stop of scan-7, completed { sum: 40 }",
      'recover: "run"',
      "first: process failed: out of memory, say",
      "start of scan-7, resumed: false",
      "stop of scan-7, completed { sum: 55 }",
    ],
  },
};

/** Parts of examples, which are run by these. */
const PARTS = [
  "examples/chain/detector.ts",
  "examples/chain/reduce.ts",
  "examples/custom-codec/counter-codec.ts",
  "examples/custom-listener/instrument-listener.ts",
  "examples/custom-listener/instrument.ts",
  "examples/custom-publisher/json-lines-publisher.ts",
  "examples/threads/brightest-spot.ts",
];
/** Other folders have tests of their own. */
const OURS = /^examples\/(chain\/|custom-[a-z]+\/|threads\/)?[^/]+$/;

describe("examples", () => {
  test("list - no example is without a test", () => {
    const programs = filesBelow("examples", ".ts").filter((path) => OURS.test(path) && !PARTS.includes(path));
    expect(programs).toEqual(Object.keys(EXPECTED).sort());
  });

  for (const [path, { lines, says = [] }] of Object.entries(EXPECTED)) {
    test(`${path} - runs to its end and prints what it should`, async () => {
      const { code, stdout, stderr } = await ranExample(path);
      const all = stdout.split("\n");
      let at = 0;
      for (const line of lines) {
        const found = all.findIndex(
          (one, index) => index >= at && (typeof line === "string" ? one === line : line.test(one)),
        );
        expect(found, `${String(line)} from line ${at} of:\n${stdout}\n${stderr}`).toBeGreaterThanOrEqual(0);
        at = found + 1;
      }
      for (const part of says) expect(stderr).toMatch(part);
      expect(code, stderr).toBe(0);
    });
  }
});

describe("output in the docs", () => {
  for (const fence of FENCES.filter(({ language, path }) => language === "console" && path !== undefined)) {
    test(`${nameOf(fence)} - is what ${fence.path} prints`, async () => {
      const { stdout, stderr } = await ranExample(fence.path as string);
      const streams = [stdout.split("\n"), stderr.split("\n")];
      for (const line of fence.text.split("\n").filter((one) => one !== "" && !one.startsWith("$ "))) {
        const stream = streams.find((lines) => lines.includes(line));
        expect(stream, `"${line}" in, or later in:\n${stdout}\n${stderr}`).toBeDefined();
        // The lines of each stream come in order.
        stream?.splice(0, stream.indexOf(line) + 1);
      }
    });
  }
});
