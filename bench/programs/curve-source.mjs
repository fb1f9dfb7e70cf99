// A detector of DECTRIS, stream version 2: pushes one series of compressed frames as fast as it is taken.
import { Event, Start, Stop } from "arroyojs";
import { dectrisV2Codec } from "arroyojs/formats/dectris";
import { DEFAULT_LIMITS } from "../../dist/message/limits.js";
import { detectorFrames, EDGE } from "./detector-frames.mjs";
import { options, order, say } from "./talk.mjs";
import { push } from "./zmtp-ends.mjs";

const { connect, events } = options;
const write = dectrisV2Codec.writer({ stream: "detector" });
const read = dectrisV2Codec.reader(DEFAULT_LIMITS);
const header = { channels: ["threshold_1"], image_dtype: "uint32", image_size_x: EDGE, image_size_y: EDGE };
const wireOf = (message) => write(message)[0];
// Compressed once; what is read from the wire stays compressed when it is written again.
const series = { run: "prepared" };
wireOf(new Start(header, series));
const images = detectorFrames().map((image) => read(wireOf(new Event({}, image, series))).at(-1).message.payload);

const { send, close } = await push(connect);
const run = { run: "series" };
await send(wireOf(new Start({ ...header, number_of_images: events }, run)));
const before = process.cpuUsage();
let bytes = 0;
for (let index = 0; index < events; index += 1) {
  const frames = wireOf(new Event({}, images[index % images.length], run));
  for (const { length } of frames) bytes += length;
  await send(frames);
}
await send(wireOf(new Stop({}, run)));
const cpu = process.cpuUsage(before);
say("sent", { cpuMs: (cpu.user + cpu.system) / 1000 / events, frameBytes: bytes / events });
await order("end");
await close();
process.disconnect();
