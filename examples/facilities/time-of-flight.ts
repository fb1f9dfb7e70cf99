// Neutron events (ev44) → a histogram of their time of flight. At the source they are messages of a Kafka topic, which
// KafkaListener brings with the same codec; here ZeroMQ carries them, so that no broker is needed. Run it with:
// npx tsx examples/facilities/time-of-flight.ts
import { type AnyMessage, Block, Event, NdArray, Publisher, run, Start, Stop } from "arroyojs";
import { essCodec } from "arroyojs/formats/ess";
import { EventHistogram, type Histogram } from "arroyojs/reduction";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated, seeded } from "./simulated.ts";

const PULSES = 14;
const NEUTRONS = 500;
const PULSE_NS = 71_428_571n; // 14 a second

/** Each pulse brings neutrons of two energies, which take 12 and 30 ms. */
function* pulses(): Generator<AnyMessage> {
  const random = seeded(3);
  yield new Start({}, { run: "neutrons-1" });
  for (let pulse = 0; pulse < PULSES; pulse += 1) {
    const times = Int32Array.from({ length: NEUTRONS }, (_, neutron) => {
      const [mean, width] = neutron % 5 === 0 ? [30e6, 4e6] : [12e6, 2e6];
      return mean + width * (random() + random() - 1);
    });
    const metadata = {
      schema: "ev44",
      source_name: "loki_bank_0",
      message_id: BigInt(pulse),
      reference_time: new NdArray(BigInt64Array.of(1_732_200_000_000_000_000n + BigInt(pulse) * PULSE_NS)),
      reference_time_index: new NdArray(Int32Array.of(0)),
      time_of_flight: { $payload: "msgpack-numpy" }, // the payload stands here
      pixel_id: new NdArray(Int32Array.from(times, () => 1 + Math.floor(1000 * random()))),
    };
    yield new Event(metadata, new NdArray(times), { run: "neutrons-1" });
  }
  yield new Stop({}, { run: "neutrons-1" });
}

class Screen extends Publisher<Start | Histogram | Stop> {
  override publish(message: Start | Histogram | Stop): void {
    if (message.type !== "event") return;
    const { messages, counted, outside } = message.metadata;
    console.log(`${messages} pulses: ${counted} neutrons, ${outside} at other times`);
    if (messages < PULSES) return;
    for (const [bin, neutrons] of message.payload.data.entries()) {
      console.log(`${String(bin * 4).padStart(2)} ms ${"#".repeat(neutrons / 100)} ${neutrons}`);
    }
  }
}

await atAddress(async (address) => {
  const source = new Block<AnyMessage, AnyMessage>({
    name: "event-formation",
    listeners: [new Simulated(pulses())],
    publishers: [new ZmqPublisher({ bind: address, codec: essCodec, waitForSubscribers: 1 })],
  });
  const histogram = new Block({
    name: "histogram",
    listeners: [new ZmqListener({ connect: address, codec: essCodec })],
    operator: new EventHistogram({ time: { bins: 10, range: [0, 40e6] }, every: 7 }),
    publishers: [new Screen()],
  });
  histogram.on("run", ({ what }) => {
    if (what === "ended") void histogram.stop();
  });
  await run(source, histogram);
});
