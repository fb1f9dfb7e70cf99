// The second process: azimuthal integration, between two ZeroMQ addresses.
import { Block, type Message, run } from "arroyojs";
import { AzimuthalIntegration } from "arroyojs/reduction";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { report } from "./report.ts";
import { FORMATS, type Format, type Out, SIZE } from "./scan.ts";

const BINS = 240;

const [from = "", to = "", format = "native"] = process.argv.slice(2);
const { codec, listens } = FORMATS[format] as Format;
const block = new Block<Message, Out>({
  name: "reduce",
  listeners: [new ZmqListener({ connect: from, codec, socket: listens, reconnectMaxMs: 200 })],
  operator: new AzimuthalIntegration({ centre: [SIZE / 2, SIZE / 2], bins: BINS, binPixels: SIZE / 2 / BINS }),
  publishers: [new ZmqPublisher<Out>({ bind: to, waitForSubscribers: 1 })],
});
report(block);
await run(block);
