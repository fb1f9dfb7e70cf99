import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, describe as group, it } from "vitest";
import { build } from "../../src/config/build.ts";
import { describe } from "../../src/config/describe.ts";
import { Block, Event, type Inlet, Listener, type Message, NdArray, Start, Stop } from "../../src/index.ts";
import { until } from "../../src/testing/conformance/until.ts";
import { WebSocketListener } from "../../src/transports/websocket/index.ts";
import { ZmqPublisher } from "../../src/transports/zmq/index.ts";
import { freePort } from "../transports/websocket/ends.ts";

const project = fileURLToPath(new URL("project/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "arroyo-design-"));
const FRAMES = 3;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Brings one run of frames once somebody looks, and ends. */
class Frames extends Listener {
  readonly #looked: Promise<void>;

  constructor(looked: Promise<void>) {
    super();
    this.#looked = looked;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await this.#looked;
    await inlet.put(new Start({ sample: "silver" }, { run: "scan-7" }));
    for (let frame = 0; frame < FRAMES; frame += 1) {
      await inlet.put(
        new Event({ frame }, new NdArray(new Uint16Array(1024 * 1024).fill(2), [1024, 1024]), { run: "scan-7" }),
      );
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

/** Puts the addresses of a test in the place of those that stand in the file. */
async function moved(): Promise<{ yaml: string; source: string; page: string }> {
  const source = `ipc://${join(folder, "frames")}`;
  const port = await freePort();
  const yaml = readFileSync(join(project, "design.yaml"), "utf8")
    .replace("tcp://127.0.0.1:5555", source)
    .replace("tcp://127.0.0.1:5556", `ipc://${join(folder, "curves")}`)
    .replace("8080", String(port));
  return { yaml, source, page: `ws://127.0.0.1:${port}` };
}

group("the first screen", () => {
  it("design - the configuration is good, runs, and shows its curves to a page", async () => {
    const { yaml, source, page } = await moved();
    // The operator's file stands there.
    const path = join(project, ".design.yaml");
    writeFileSync(path, yaml);
    try {
      const [reduce, ...others] = await build(await describe(path, { env: {} }));
      expect(others).toEqual([]);
      let look: () => void = () => undefined;
      const looked = new Promise<void>((resolve) => {
        look = resolve;
      });
      await using block = reduce as Block;
      await block.start();
      const publishers = [new ZmqPublisher({ bind: source, waitForSubscribers: 1 })];
      await using detector = new Block({ name: "detector", listeners: [new Frames(looked)], publishers });
      await detector.start();
      await block.ready();
      const seen: Message[] = [];
      const shows = { name: "page", listeners: [new WebSocketListener({ url: page })] };
      await using client = new Block({ ...shows, operator: (message: Message) => void seen.push(message) });
      await client.start();
      await client.ready();
      look();
      await detector.finished;
      await until(() => seen.some(({ type }) => type === "stop"), "the run to come to the page");
      expect(seen.map(({ type }) => type)).toEqual(expect.arrayContaining(["start", "event", "stop"]));
      const curve = seen.findLast((message) => message.type === "event") as Event;
      expect(curve.metadata).toMatchObject({ frame: FRAMES - 1 });
      expect((curve.payload as NdArray).shape).toEqual([500]);
      expect(await block.stop()).toMatchObject({ received: FRAMES + 2, finished: FRAMES + 2, left: 0 });
    } finally {
      rmSync(path);
    }
  });
});
