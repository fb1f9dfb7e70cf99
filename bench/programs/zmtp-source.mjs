// Sends one run as fast as it is taken, by our engine.
import { options, order, say } from "./talk.mjs";
import { Frames } from "./zmq-frames.mjs";
import { push } from "./zmtp-ends.mjs";

const { connect, bytes, events } = options;
const { send, close } = await push(connect);
const frames = new Frames(bytes, true);
await send(frames.start);
for (let index = 0; index < events; index += 1) {
  const later = send(frames.event(index));
  if (later !== undefined) await later;
}
await send(frames.stop());
say("sent", { headerBytes: frames.headerBytes });
await order("end");
await close();
process.disconnect();
