// Sends large frames at a pace over a bare PUSH, as far as they are taken; says how many were.
import { setImmediate, setTimeout } from "node:timers/promises";
import { Push } from "zeromq";
import { options, order, say } from "./talk.mjs";
import { Frames } from "./zmq-frames.mjs";

const { connect, bytes, perSecond, seconds, highWaterMark } = options;
const push = new Push({ sendHighWaterMark: highWaterMark });
push.connect(connect);
const frames = new Frames(bytes);
await push.send(frames.start);
const due = Math.round(perSecond * seconds);
const beganAt = performance.now();
let sent = 0;
let isEnding = false;
const ended = order("end").then(() => {
  isEnding = true;
});
say("begun");
while (sent < due && !isEnding && performance.now() - beganAt < seconds * 1000) {
  const wait = beganAt + (sent * 1000) / perSecond - performance.now();
  if (wait > 1) await setTimeout(wait);
  else await setImmediate();
  const index = sent;
  sent += 1;
  await Promise.race([push.send(frames.event(index)), ended]);
}
if (!isEnding) {
  say("flooded", { sent, due });
  await Promise.race([push.send(frames.stop()), ended]);
}
await ended;
push.linger = 0;
push.close();
process.disconnect();
