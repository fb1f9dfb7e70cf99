// Publishes to subscribers as fast as the slowest of them takes it; they tell how far they are on a connection beside.
import { once } from "node:events";
import { createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { options, order, say } from "./talk.mjs";
import { FanOutFrames } from "./zmtp-fan-out.mjs";

const { kind, bytes, events, subscribers } = options;
const AHEAD = Math.max(8, Math.floor(8_000_000 / bytes));
/** So many are published before anybody else in this process has a turn. */
const AT_ONCE = Math.max(1, Math.min(256, Math.floor(1_000_000 / bytes)));

let taken = 0;
const server = createServer((socket) => {
  socket.on("data", (chunk) => {
    taken = Math.max(taken, chunk.readUInt32BE(chunk.length - 4));
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

async function zmtp() {
  const { pub } = await import("./zmtp-ends.mjs");
  const socket = await pub();
  let heard = 0;
  const address = await socket.bind("tcp://127.0.0.1:*");
  const here = new Promise((resolve) => {
    socket.subscriptions(() => {
      heard += 1;
      if (heard === subscribers) resolve();
    });
  });
  return { address, here, publish: (frames) => void socket.take(frames), close: () => socket.close() };
}

async function bare() {
  const { XPublisher } = await import("zeromq");
  const socket = new XPublisher({ sendHighWaterMark: 0, linger: 0, verbosity: "allSubs" });
  await socket.bind("tcp://127.0.0.1:*");
  const here = (async () => {
    for (let heard = 0; heard < subscribers; heard += 1) await socket.receive();
  })();
  return {
    address: socket.lastEndpoint,
    here,
    publish: (frames) => socket.send(frames),
    close: () => socket.close(),
  };
}

const { address, here, publish, close } = await (kind === "bare" ? bare() : zmtp());
say("ready", { address, port });
await here;
// Our engine copies small frames when it takes them.
const frames = new FanOutFrames(bytes, kind === "zmtp");
for (let index = 0; index < events; index += 1) {
  if (index % AT_ONCE === 0)
    do await setImmediate();
    while (index - taken > AHEAD);
  const sent = publish(frames.message(index));
  if (sent !== undefined) await sent;
}
await order("end");
close();
process.exit(0);
