// Takes one run from a bare PULL and says how old the events were, those of the warm-up left out.
import { nativeCodec } from "arroyojs";
import { Pull } from "zeromq";
import { options, order, say } from "./talk.mjs";

const { bytes, warmUp, events } = options;
const LIMITS = { maxMessageBytes: 1e6, maxHeaderBytes: 1e6, maxFrames: 8, maxDepth: 64 };
const pull = new Pull();
await pull.bind("tcp://127.0.0.1:*");
say("ready", { address: pull.lastEndpoint });
const read = nativeCodec.reader(LIMITS);
const agesUs = new Float64Array(events);
let next = 0;
for (;;) {
  const frames = await pull.receive();
  const now = Number(process.hrtime.bigint());
  const [{ message, control }] = read(frames);
  if (message.type === "stop") break;
  if (message.type === "start" || control === true) continue;
  const { payload } = message;
  if (message.metadata.index !== next || payload.length !== bytes || payload[bytes - 1] !== (next & 0xff)) {
    throw new Error(`expected event ${next}, got ${message.metadata.index} with ${payload.length} bytes`);
  }
  if (next >= warmUp) agesUs[next - warmUp] = (now - frames[1].readDoubleLE(0)) / 1000;
  next += 1;
}
if (next !== warmUp + events) throw new Error(`expected ${warmUp + events} events, got ${next}`);
agesUs.sort();
const at = (part) => agesUs[Math.min(events - 1, Math.floor(events * part))];
say("done", { p50: at(0.5), p99: at(0.99), p999: at(0.999) });
await order("end");
pull.close();
process.disconnect();
