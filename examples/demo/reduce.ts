// The second process: azimuthal integration, between two ZeroMQ addresses.
import { Block, run } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { AzimuthalIntegration, type In, type Out } from "./azimuthal.ts";
import { report } from "./report.ts";

const [from = "", to = "", bins = "240"] = process.argv.slice(2);
const block = new Block<In, Out>({
  name: "reduce",
  listeners: [new ZmqListener<In>({ connect: from, reconnectMaxMs: 200 })],
  operator: new AzimuthalIntegration({ bins: Number(bins) }),
  publishers: [new ZmqPublisher<Out>({ bind: to, waitForSubscribers: 1 })],
});
report(block);
await run(block);
