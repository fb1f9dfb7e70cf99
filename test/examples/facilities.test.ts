import { expect, test } from "vitest";
import { filesBelow, ranExample } from "./programs.ts";

/** What each program says: lines of standard output, in order, and what must stand in standard error. */
const EXPECTED: Readonly<Record<string, { readonly lines: readonly string[]; readonly says: readonly RegExp[] }>> = {
  "hit-finding": {
    lines: [
      ...[5, 10, 15, 20].map(
        (image) => `image ${image}: 5 peaks, the brightest has ${image === 15 ? 1550 : 1551} counts`,
      ),
      "20 images: 4 hits, 16 blanks",
    ],
    says: [/^crystals-1 \(completed\) +22 +22 +0 +0 +0 +0 +0 +16 +0 +6$/m],
  },
  "pump-probe": {
    lines: [20, 30, 40].map((trains) => `after ${trains} trains: 0 5 0 0`),
    says: [/^bridge +received/m, /^all +40 +40 +0 +0 +0 +0 +0 +0 +0 +40$/m],
  },
  alarm: {
    lines: ["pulse 3: ALARM, 5.1 K", "pulse 7: good again, 4.4 K"],
    says: [/^all +10 +10 +0 +0 +0 +0 +0 +0 +0 +10$/m],
  },
  "live-curve": {
    lines: [
      "motor -2.0: diode  0",
      "motor -1.0: diode  18",
      "motor  0.0: diode ############ 500",
      "motor  2.0: diode ######################### 1000",
      "the scan is over: completed",
    ],
    says: [/^4f1c \(completed\) +12 +12 +0 +0 +0 +0 +0 +1 +0 +11$/m],
  },
  "time-of-flight": {
    lines: [
      "7 pulses: 3500 neutrons, 0 at other times",
      "14 pulses: 7000 neutrons, 0 at other times",
      " 4 ms  0",
      " 8 ms ########################### 2786",
      "12 ms ############################ 2814",
      "28 ms ########## 1048",
    ],
    says: [/^neutrons-1 \(completed\) +16 +16 +0 +0 +0 +0 +0 +12 +0 +4$/m],
  },
  "fan-out": {
    lines: [
      ...[1, 2, 3].map((worker) => `worker ${worker}: lysozyme, 10 images, completed`),
      "30 of 30 images, none twice: true",
    ],
    says: [],
  },
  "three-formats": {
    lines: ["dectris-v2   ", "karabo-bridge", "arroyosas    "].map((format) => `${format} 5 5 5 5 5 100 5 5`),
    says: [],
  },
};

test("facilities - no example is without a test", () => {
  const programs = filesBelow("examples/facilities", ".ts").filter((path) => !path.endsWith("/simulated.ts"));
  expect(programs).toEqual(
    Object.keys(EXPECTED)
      .map((name) => `examples/facilities/${name}.ts`)
      .sort(),
  );
});

test.each(Object.entries(EXPECTED))(
  "facilities - %s runs to its end and prints what it should",
  async (name, expected) => {
    const { code, stdout, stderr } = await ranExample(`examples/facilities/${name}.ts`);
    const printed = stdout.split("\n");
    expect(expected.lines.map((line) => printed.indexOf(line) >= 0 && line)).toEqual(expected.lines);
    const places = expected.lines.map((line) => printed.indexOf(line));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    for (const part of expected.says) expect(stderr).toMatch(part);
    expect(code, stderr).toBe(0);
  },
);
