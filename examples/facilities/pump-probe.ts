// Karabo bridge → the running difference of pumped and unpumped trains. Run it with:
// npx tsx examples/facilities/pump-probe.ts
import {
  type AnyMessage,
  Block,
  compose,
  Event,
  type Message,
  NdArray,
  Operator,
  Publisher,
  run,
  type Start,
  type Stop,
} from "arroyojs";
import { karaboBridge } from "arroyojs/formats/karabo-bridge";
import { FrameStatistics, type Statistics } from "arroyojs/reduction";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated, seeded } from "./simulated.ts";

const DETECTOR = "SPB_DET_JNGFR/CAL/CORRECTED";
const TRAINS = 40;

/** Every second train was pumped; then the second pixel counts 5 more. */
function* trains(): Generator<AnyMessage> {
  const random = seeded(7);
  for (let train = 0; train < TRAINS; train += 1) {
    const pumped = train % 2 === 1;
    const counts = Float32Array.from(
      [10, 20, 30, 40],
      (mean, at) => mean + (pumped && at === 1 ? 5 : 0) + random() - 0.5,
    );
    yield new Event({ pumped }, new NdArray(counts, [2, 2]));
  }
}

/** Takes out of a train what the statistics are kept apart by. */
function pumpState(message: Message): Message {
  if (message.type !== "event") return message;
  const sources = message.field("sources") as Record<string, { readonly pumped: boolean }>;
  return message.with({ metadata: { pumped: sources[DETECTOR]?.pumped } });
}

type Difference = Event<{ readonly trains: number }, NdArray<"float32">>;

/** Subtracts the mean of the unpumped frames from that of the pumped ones, whenever one of the two is new. */
class PumpProbe extends Operator<Start | Statistics | Stop, Start | Difference | Stop> {
  readonly #runs = this.perRun(() => new Map<unknown, Statistics>());

  override process(message: Start | Statistics | Stop): Start | Difference | Stop | undefined {
    if (message.type !== "event") return message;
    const means = this.#runs.of(message);
    means.set(message.metadata.key, message.keep());
    const [pumped, unpumped] = [means.get(true), means.get(false)];
    if (pumped === undefined || unpumped === undefined) return undefined;
    const difference = pumped.payload.data.map((mean, pixel) => mean - (unpumped.payload.data[pixel] as number));
    const trains = pumped.metadata.frames + unpumped.metadata.frames;
    return message.with({ metadata: { trains }, payload: new NdArray<"float32">(difference, [2, 2]) });
  }
}

class Print extends Publisher<Start | Difference | Stop> {
  override publish(message: Start | Difference | Stop): void {
    if (message.type !== "event") return;
    const { trains } = message.metadata;
    console.log(
      `after ${trains} trains: ${Array.from(message.payload.data, (value) => Math.round(value) + 0).join(" ")}`,
    );
    // A bridge goes on for ever; the example has seen enough.
    if (trains === TRAINS) void reader?.stop();
  }
}

const codec = karaboBridge({ source: DETECTOR });
let reader: Block<Message, Start | Difference | Stop> | undefined;

await atAddress(async (address) => {
  const bridge = new Block<AnyMessage, AnyMessage>({
    name: "bridge",
    listeners: [new Simulated(trains())],
    publishers: [new ZmqPublisher({ bind: address, codec, waitForSubscribers: 1 })],
  });
  reader = new Block<Message, Start | Difference | Stop>({
    name: "pump-probe",
    listeners: [new ZmqListener({ connect: address, codec })],
    operator: compose(pumpState, compose(new FrameStatistics({ key: "pumped", every: 10 }), new PumpProbe())),
    publishers: [new Print()],
  });
  await run(bridge, reader);
});
