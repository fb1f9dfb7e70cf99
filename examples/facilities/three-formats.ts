// One operator, three systems: a DECTRIS detector, a Karabo bridge, and arroyosas. The codec is all that differs. Run it
// with: npx tsx examples/facilities/three-formats.ts
import { type AnyMessage, Block, type Codec, Event, NdArray, Publisher, run, Start, Stop } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { dectrisV2Codec } from "arroyojs/formats/dectris";
import { karaboBridge } from "arroyojs/formats/karabo-bridge";
import { AzimuthalIntegration, type Curve } from "arroyojs/reduction";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated } from "./simulated.ts";

const SIZE = 64;

/** An image with one bright ring, 20 to 24 pixels from its middle. */
function image(): NdArray<"uint16"> {
  const counts = Uint16Array.from({ length: SIZE * SIZE }, (_, pixel) => {
    const radius = Math.hypot(Math.floor(pixel / SIZE) + 0.5 - SIZE / 2, (pixel % SIZE) + 0.5 - SIZE / 2);
    return radius >= 20 && radius < 24 ? 100 : 5;
  });
  return new NdArray(counts, [SIZE, SIZE]);
}

const MESSAGES: readonly AnyMessage[] = [
  new Start({}, { run: "1" }),
  new Event({}, image(), { run: "1" }),
  new Stop({}, { run: "1" }),
];

/** Sends the image in a format and gives the curve that came of it. */
async function curveOver(codec: Codec): Promise<Curve> {
  const curves: Curve[] = [];
  await atAddress(async (address) => {
    const source = new Block<AnyMessage, AnyMessage>({
      name: `${codec.name} source`,
      listeners: [new Simulated(MESSAGES)],
      publishers: [new ZmqPublisher({ bind: address, codec, waitForSubscribers: 1 })],
    });
    class Keep extends Publisher<Start | Curve | Stop> {
      override publish(message: Start | Curve | Stop): void {
        if (message.type !== "event") return;
        curves.push(message);
        void reduce.stop();
      }
    }
    const reduce = new Block({
      name: `${codec.name} reduce`,
      listeners: [new ZmqListener({ connect: address, codec })],
      operator: new AzimuthalIntegration({ centre: [SIZE / 2, SIZE / 2], bins: 8, binPixels: 4 }),
      publishers: [new Keep()],
    });
    await run(source, reduce);
  });
  return curves[0] as Curve;
}

for (const codec of [dectrisV2Codec, karaboBridge({ source: "JUNGFRAU" }), arroyosasCodec]) {
  const { payload } = await curveOver(codec);
  console.log(`${codec.name.padEnd(13)} ${Array.from(payload.data, (mean) => mean.toFixed(0)).join(" ")}`);
}
