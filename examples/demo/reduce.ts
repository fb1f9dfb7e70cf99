// The second process: azimuthal integration, between two others.
import { Block, type Message, run } from "arroyojs";
import { AzimuthalIntegration } from "arroyojs/reduction";
import { type Joint, listenerAt, publisherAt } from "./joints.ts";
import { report } from "./report.ts";
import { type Out, SIZE } from "./scan.ts";

const BINS = 240;

const [from = "", to = ""] = process.argv.slice(2);
const block = new Block<Message, Out>({
  name: "reduce",
  listeners: [listenerAt(JSON.parse(from) as Joint)],
  operator: new AzimuthalIntegration({ centre: [SIZE / 2, SIZE / 2], bins: BINS, binPixels: SIZE / 2 / BINS }),
  publishers: [publisherAt<Out>(JSON.parse(to) as Joint)],
});
report(block);
await run(block);
