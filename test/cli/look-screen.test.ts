import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, type Inlet, Listener, NdArray, Start, Stop } from "arroyojs";
import { ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { Rings } from "../../examples/demo/rings.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";

const SIZE = 256;
/** Where the demo's detector has its brightest rings, and dark places between them, in parts of the half width. */
const BRIGHT = [0.24, 0.42, 0.68];
const DARK = [0.14, 0.48, 0.75];

/** Is the demo's detector: frames until it is told to stop. */
class Detector extends Listener {
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const rings = new Rings(SIZE);
    await inlet.put(new Start({ sample: "LaB6" }, { run: "scan-1" }));
    for (let frame = 0; !signal.aborted; frame += 1) {
      const image = new NdArray<"uint16">(rings.frame(), [SIZE, SIZE]);
      await inlet.put(new Event({ frame, motor: { x: 1.5 } }, image, { run: "scan-1" }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await inlet.put(new Stop({}, { run: "scan-1" }));
  }
}

/** Publishes the detector's frames as long as it is used. */
async function detector(): Promise<{ readonly url: string } & AsyncDisposable> {
  const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*" });
  const block = new Block({ name: "detector", listeners: [new Detector()], publishers: [publisher] });
  await block.start();
  return {
    url: publisher.endpoints[0] as string,
    async [Symbol.asyncDispose]() {
      await block.stop({ deadlineMs: 1000 });
    },
  };
}

/** The brightness on a ring of the drawn image, which stands from row 3 on, 46 letters wide and 23 high. */
function brightness(terminal: PseudoTerminal, radius: number): number {
  const lines = terminal.lines;
  const first = lines.findIndex((line) => line.startsWith("▀▀▀"));
  const width = /^▀+/.exec(lines[first] as string)?.[0].length as number;
  let sum = 0;
  let count = 0;
  for (let angle = 0; angle < 360; angle += 5) {
    const column = Math.round(width / 2 + (Math.cos((angle * Math.PI) / 180) * radius * width) / 2 - 0.5);
    const row = first + Math.round((width / 2 + (Math.sin((angle * Math.PI) / 180) * radius * width) / 2 - 0.5) / 2);
    const green = terminal.colourAt(row, column)?.[1];
    if (green === undefined) continue;
    sum += green;
    count += 1;
  }
  expect(count).toBeGreaterThan(40);
  return sum / count;
}

/** The caption below the image is drawn last. */
const hasImage = ({ text }: PseudoTerminal): boolean => text.includes("uint16 [256 × 256]") && / lost 0$/m.test(text);

describe("look in a terminal", () => {
  test("the demo's detector - its rings are visible, and its facts beside them", { timeout: 60_000 }, async () => {
    await using source = await detector();
    await using terminal = new PseudoTerminal(["look", source.url]);
    await terminal.until(hasImage);
    expect(terminal.isFullScreen).toBe(true);
    const head = terminal.text;
    expect(head).toContain(`${source.url}  arroyo/1 (sure)`);
    expect(head).toMatch(/^run scan-1 open · 1 run · \d+ events · [\d.]+/m);
    for (const words of ["├ frame: ", "└ motor", "  └ x: 1.5", "└ sample: LaB6", "uint16 [256 × 256]", "q quit"]) {
      expect(head).toContain(words);
    }
    const bright = BRIGHT.map((radius) => brightness(terminal, radius));
    const dark = DARK.map((radius) => brightness(terminal, radius));
    bright.forEach((value, index) => {
      expect(value).toBeGreaterThan((dark[index] as number) + 20);
    });
    terminal.press("q");
    expect(await terminal.ended).toBe(0);
    expect(terminal.isFullScreen).toBe(false);
  });

  test("keys - pause holds the frame, s shows the next one, w writes it, l changes the scale", {
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "arroyo-look-"));
    try {
      await using source = await detector();
      await using terminal = new PseudoTerminal(["look", source.url], { cwd: folder });
      await terminal.until(hasImage);
      const frame = (): number => Number(/frame: (\d+)/.exec(terminal.text)?.[1]);
      terminal.press(" ");
      await terminal.until(({ text }) => text.includes("paused"));
      const held = frame();
      const events = (): number => Number(/(\d+) events/.exec(terminal.text)?.[1]);
      const before = events();
      await terminal.until(() => events() > before + 5);
      expect(frame()).toBe(held);
      terminal.press("s");
      await terminal.until(() => frame() > held);
      terminal.press("w");
      await terminal.until(({ text }) => text.includes("written: look-0001.json, look-0001.npy"));
      expect(readdirSync(folder).sort()).toEqual(["look-0001.json", "look-0001.npy"]);
      const saved = JSON.parse(readFileSync(join(folder, "look-0001.json"), "utf8")) as Record<string, unknown>;
      expect(saved).toMatchObject({ type: "event", run: "scan-1", metadata: { motor: { x: 1.5 } } });
      const array = readFileSync(join(folder, "look-0001.npy"));
      expect(array.subarray(0, 128).toString("latin1")).toContain(
        "'descr': '<u2', 'fortran_order': False, 'shape': (256, 256)",
      );
      expect(array.length).toBe(128 + SIZE * SIZE * 2);
      terminal.press("l");
      await terminal.until(({ text }) => text.includes("(lin, mean)"));
      terminal.press("m");
      await terminal.until(({ text }) => text.includes("(lin, max)"));
      terminal.press("\u0003");
      expect(await terminal.ended).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("SIGTERM - the terminal is as it was", { timeout: 60_000 }, async () => {
    await using source = await detector();
    await using terminal = new PseudoTerminal(["look", source.url]);
    const pid = Number((await firstMatch(terminal, /pid (\d+)/))[1]);
    await terminal.until(hasImage);
    process.kill(pid, "SIGTERM");
    expect(await terminal.ended).toBe(0);
    expect(terminal.isFullScreen).toBe(false);
    expect(terminal.text).not.toContain("▀");
  });

  test("an uncaught error - the terminal is as it was, and shows the error", { timeout: 60_000 }, async () => {
    await using source = await detector();
    // Somebody else's code in the same process fails.
    const faulty = 'process.on("SIGUSR2", () => { throw new Error("out of the blue"); });';
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(faulty)}`;
    await using terminal = new PseudoTerminal(["look", source.url], { env: { NODE_OPTIONS } });
    const pid = Number((await firstMatch(terminal, /pid (\d+)/))[1]);
    await terminal.until(hasImage);
    process.kill(pid, "SIGUSR2");
    expect(await terminal.ended).toBe(1);
    expect(terminal.isFullScreen).toBe(false);
    expect(terminal.text).toContain("out of the blue");
    expect(terminal.text).not.toContain("▀");
  });

  test("no colours - letters of different darkness", { timeout: 60_000 }, async () => {
    await using source = await detector();
    await using terminal = new PseudoTerminal(["look", source.url], { env: { NO_COLOR: "1" } });
    await terminal.until(hasImage);
    expect(terminal.text).not.toContain("▀");
    expect(terminal.text).toContain("%@");
    terminal.press("q");
    expect(await terminal.ended).toBe(0);
  });
});

async function firstMatch(terminal: PseudoTerminal, pattern: RegExp): Promise<RegExpExecArray> {
  let found: RegExpExecArray | null = null;
  await terminal.until(({ text }) => {
    found = pattern.exec(text);
    return found !== null;
  });
  return found as unknown as RegExpExecArray;
}
