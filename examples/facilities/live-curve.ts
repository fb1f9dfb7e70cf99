// Bluesky documents → a curve that grows with the scan. Run it with: npx tsx examples/facilities/live-curve.ts
import { type AnyMessage, Block, Event, NdArray, Operator, Publisher, run, Start, Stop } from "arroyojs";
import { blueskyZmq } from "arroyojs/formats/bluesky";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated } from "./simulated.ts";

/** A scan of a motor over an edge that a diode sees. */
function* scan(): Generator<AnyMessage> {
  yield new Start({ plan_name: "scan", motors: ["motor"], detectors: ["diode"] }, { run: "4f1c" });
  for (let step = -4; step <= 4; step += 1) {
    const diode = Math.round(1000 / (1 + Math.exp(-2 * step)));
    yield new Event({ motor: step / 2, diode }, new Uint8Array(0), { run: "4f1c" });
  }
  yield new Stop({}, { run: "4f1c" });
}

type Documents = Start<{ doc: { motors: string[]; detectors: string[] } }> | Event | Stop;
/** The motor's positions, and behind them what the detector said. */
type Curve = Event<{ readonly x: string; readonly y: string }, NdArray<"float64">>;

/** Gathers two columns of the events of each run, and gives the whole curve after each point. */
class LiveCurve extends Operator<Documents, Documents | Curve> {
  readonly #runs = this.perRun((start: Start<{ doc?: { motors?: string[]; detectors?: string[] } }>) => ({
    // Who joins in the middle of a scan has not seen its Start, and cannot know what was scanned.
    x: start.data.doc?.motors?.[0] ?? "",
    y: start.data.doc?.detectors?.[0] ?? "",
    points: [] as (readonly [number, number])[],
  }));

  override process(message: Documents): Documents | Curve | undefined {
    if (message.type !== "event") return message;
    const { x, y, points } = this.#runs.of(message);
    if (message.field("name") !== "event") return undefined; // descriptors and the like
    const { data } = message.field("doc") as { readonly data: Readonly<Record<string, number>> };
    points.push([data[x] ?? Number.NaN, data[y] ?? Number.NaN]);
    const columns = [0, 1].flatMap((column) => points.map((point) => point[column] as number));
    const payload = new NdArray(Float64Array.from(columns), [2, points.length]);
    return message.with({ metadata: { x, y }, payload });
  }
}

class Screen extends Publisher<Documents | Curve> {
  override publish(message: Documents | Curve): void {
    if (message.type === "stop") console.log(`the scan is over: ${message.reason}`);
    if (message.type !== "event") return;
    const { x, y } = message.metadata as Curve["metadata"];
    const [, points = 0] = (message as Curve).payload.shape;
    const [at, counts] = [0, 1].map((row) => (message as Curve).payload.data[(row + 1) * points - 1]);
    console.log(`${x} ${at?.toFixed(1).padStart(4)}: ${y} ${"#".repeat((counts ?? 0) / 40)} ${counts}`);
  }
}

const codec = blueskyZmq({ serializer: "msgpack" });

await atAddress(async (address) => {
  const engine = new Block<AnyMessage, AnyMessage>({
    name: "run-engine",
    listeners: [new Simulated(scan())],
    publishers: [new ZmqPublisher({ bind: address, codec, waitForSubscribers: 1 })],
  });
  const curve = new Block<Documents, Documents | Curve>({
    name: "live-curve",
    listeners: [new ZmqListener<Documents>({ connect: address, codec })],
    operator: new LiveCurve(),
    publishers: [new Screen()],
  });
  curve.on("run", ({ what }) => {
    if (what === "ended") void curve.stop();
  });
  await run(engine, curve);
});
