// Sends one run over a bare PUSH: as fast as it is taken, or at a pace.
import { Push } from "zeromq";
import { options, order, say } from "./talk.mjs";
import { Frames } from "./zmq-frames.mjs";

const { connect, bytes, events, highWaterMark } = options;
const push = new Push(highWaterMark === undefined ? {} : { sendHighWaterMark: highWaterMark });
push.connect(connect);
const frames = new Frames(bytes);
await push.send(frames.start);
for (let index = 0; index < events; index += 1) await push.send(frames.event(index));
await push.send(frames.stop());
say("sent", { headerBytes: frames.headerBytes });
await order("end");
push.close();
process.disconnect();
