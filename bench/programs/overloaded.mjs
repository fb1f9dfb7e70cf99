// Works on large frames more slowly than they come, in a block or in a bare loop; drains when told, or on SIGTERM.
import { setTimeout } from "node:timers/promises";
import { options, order, say } from "./talk.mjs";

const { kind, overflow, workMs, maxBytes, socketBytes, frameBytes, drainMs, reuseBuffers = false } = options;
let worked = 0;

/**
 * Takes as long as work that is done elsewhere, in a thread or at a server; it gives the sum of some bytes. Work in this
 * thread would hold the intake up too, and no queue would ever fill.
 */
async function work(payload) {
  await setTimeout(workMs);
  let sum = 0;
  for (let at = 0; at < payload.length; at += 4096) sum += payload[at];
  worked += 1;
  return sum;
}

const resident = () => process.resourceUsage().maxRSS * 1024;

if (kind === "bare") {
  const { Pull } = await import("zeromq");
  const pull = new Pull({ receiveHighWaterMark: Math.floor(socketBytes / frameBytes) });
  await pull.bind("tcp://127.0.0.1:*");
  await setTimeout(500);
  say("ready", { address: pull.lastEndpoint, idleBytes: process.memoryUsage.rss() });
  void order("end").then(() => {
    say("ended", { peakBytes: resident(), worked });
    process.exit(0);
  });
  for (;;) {
    const frames = await pull.receive();
    if (frames.at(-1).length === frameBytes) await work(frames.at(-1));
    else if (worked > 0) say("over");
  }
} else {
  const { Block, nativeCodec, run } = await import("arroyojs");
  const { ZmqListener } = await import("arroyojs/zmq");
  /** The native codec; it notes when the last bytes came. */
  let lastCameAt = 0;
  const codec = {
    ...nativeCodec,
    reader(limits) {
      const read = nativeCodec.reader(limits);
      return (frames) => {
        lastCameAt = Number(process.hrtime.bigint()) / 1e6;
        return read(frames);
      };
    },
  };
  const bounds = { maxBytes: socketBytes, messageBytes: frameBytes };
  const listener = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", ...bounds, codec, reuseBuffers });
  const block = new Block({
    name: "overloaded",
    listeners: [listener],
    operator: async (message) => {
      if (message.type === "event") await work(message.payload);
      else if (message.type === "stop") say("over");
      return message;
    },
    overflow,
    maxBytes,
    drainMs,
  });
  const ran = run(block);
  await block.ready();
  await setTimeout(500);
  say("ready", { address: listener.endpoints[0], idleBytes: process.memoryUsage.rss() });
  void order("end").then(() => block.stop());
  const [account] = await ran;
  const { received, events, finished, dropped, failed, dead, left, lost } = account;
  const counts = { received, events, finished, dropped, failed, dead, left, lost };
  say("ended", { peakBytes: resident(), worked, lastCameAt, account: counts });
  process.disconnect();
}
