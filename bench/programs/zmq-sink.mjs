// Takes one run from a bare PULL, checks it, and says how fast it came after a warm-up.
import { Pull } from "zeromq";
import { options, order, say } from "./talk.mjs";
import { Check } from "./zmq-frames.mjs";

const { bytes, events, warmUp, highWaterMark } = options;
const pull = new Pull(highWaterMark === undefined ? {} : { receiveHighWaterMark: highWaterMark });
await pull.bind("tcp://127.0.0.1:*");
say("ready", { address: pull.lastEndpoint });
const check = new Check(bytes);
let beganAt = 0;
for (;;) {
  if (check.take(await pull.receive())) break;
  if (check.events === warmUp) {
    beganAt = performance.now();
    say("warm");
  }
}
const seconds = (performance.now() - beganAt) / 1000;
if (check.events !== events || check.starts !== 1) {
  throw new Error(`expected ${events} events and a Start, got ${check.events} and ${check.starts}`);
}
say("done", { perSecond: (events - warmUp) / seconds });
await order("end");
pull.close();
process.disconnect();
