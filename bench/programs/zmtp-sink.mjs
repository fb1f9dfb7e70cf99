// Takes one run by our engine, checks it, and says how fast it came after a warm-up.
import { options, order, say } from "./talk.mjs";
import { Check } from "./zmq-frames.mjs";
import { pull } from "./zmtp-ends.mjs";

const { bytes, events, warmUp } = options;
const socket = await pull();
say("ready", { address: await socket.bind("tcp://127.0.0.1:*") });
const check = new Check(bytes);
let beganAt = 0;
await new Promise((resolve, reject) => {
  const into = (frames, lent) => {
    // Later: who settles within the call does not say that he is done.
    if (lent !== undefined) queueMicrotask(() => lent.ack());
    if (check.take(frames)) resolve();
    else if (check.events === warmUp) {
      beganAt = performance.now();
      say("warm");
    }
  };
  socket.receive(into).catch(reject);
});
const seconds = (performance.now() - beganAt) / 1000;
if (check.events !== events || check.starts !== 1) {
  throw new Error(`expected ${events} events and a Start, got ${check.events} and ${check.starts}`);
}
say("done", { perSecond: (events - warmUp) / seconds });
await order("end");
socket.close();
process.disconnect();
