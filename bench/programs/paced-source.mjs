// Sends one run at a pace over a bare PUSH, each event with its time of sending; first a warm-up, which is quicker.
import { setImmediate, setTimeout } from "node:timers/promises";
import { Event, nativeCodec, Start, Stop } from "arroyojs";
import { Push } from "zeromq";
import { options, order, say } from "./talk.mjs";

const { connect, bytes, warmUp, warmUpPerSecond, events, perSecond } = options;
const RUN = "5f1c6a0e-1f4c-4a53-b0a8-07ddc2a43d36";
/** The sockets are looked after so often: the pauses below stop everything else in this process. */
const LOOK_AFTER = 20;

const push = new Push();
push.connect(connect);
const write = nativeCodec.writer({ stream: "detector" });
const send = (message) => push.send(write(message)[0]);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let index = 0;

/** Timers are too coarse for some thousands a second, and a loop that looks at the clock would take one of the cores. */
async function pace(count, rate) {
  const beganAt = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    if (sent % LOOK_AFTER === 0) await setImmediate();
    const due = beganAt + (sent * 1000) / rate - performance.now();
    if (due > 0) Atomics.wait(sleeper, 0, 0, due);
    const payload = Buffer.alloc(bytes, index & 0xff);
    payload.writeDoubleLE(Number(process.hrtime.bigint()), 0);
    await send(new Event({ index }, payload, { run: RUN }));
    index += 1;
  }
}

await send(new Start({}, { run: RUN }));
await pace(warmUp, warmUpPerSecond);
await setTimeout(500);
const beganAt = performance.now();
await pace(events, perSecond);
const seconds = (performance.now() - beganAt) / 1000;
await send(new Stop({}, { run: RUN }));
say("sent", { perSecond: events / seconds });
await order("end");
push.close();
process.disconnect();
