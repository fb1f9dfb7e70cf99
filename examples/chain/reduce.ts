// The second process: makes one number of each image. It runs until it is told to stop, by SIGTERM or Ctrl-C.
// Usage: npx tsx examples/chain/reduce.ts FROM TO
import { Block, type Event, type NdArray, Operator, run, type Start, type Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";

type Raw = Start | Event<{ image: number }, NdArray<"uint16">> | Stop;
type Sums = Start | Event<{ image: number; counts: number }, Uint8Array> | Stop;

const [from = "tcp://127.0.0.1:5555", to = "tcp://127.0.0.1:5556"] = process.argv.slice(2);

class SumOfCounts extends Operator<Raw, Sums> {
  override process(message: Raw): Sums {
    if (message.type !== "event") return message;
    const counts = message.array("uint16").data.reduce((sum, pixel) => sum + pixel, 0);
    return message.with({ metadata: { image: message.metadata.image, counts }, payload: new Uint8Array(0) });
  }
}

await run(
  new Block({
    name: "reduce",
    listeners: [new ZmqListener<Raw>({ connect: from })],
    operator: new SumOfCounts(),
    publishers: [new ZmqPublisher<Sums>({ bind: to, waitForSubscribers: 1 })],
  }),
);
