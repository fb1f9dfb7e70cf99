// Subscribers that only count and compare bytes, all in this process; one more, where asked for, never reads.
import { createConnection } from "node:net";
import { options, order, say } from "./talk.mjs";
import { Following } from "./zmtp-fan-out.mjs";

const { port, creditPort, bytes, events, warmUp, subscribers, isOneStalled } = options;
const TELL_EACH = Math.max(1, Math.floor(1_000_000 / bytes));

const greeting = Buffer.alloc(64);
greeting.write("ff00000000000000007f0301", "hex");
greeting.write("NULL", 12, "latin1");
const ready = command("READY", Buffer.from("\x0bSocket-Type\0\0\0\x03SUB", "latin1"));
const subscribe = command("SUBSCRIBE", Buffer.from("frames"));

function command(name, data) {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]);
  return Buffer.concat([Buffer.from([4, body.length]), body]);
}

/** Greets, subscribes, and gives what follows the other side's READY. */
function connect(take) {
  let said = Buffer.alloc(0);
  let isOver = false;
  const memory = Buffer.alloc(256 * 1024);
  const callback = (length) => {
    const chunk = memory.subarray(0, length);
    if (isOver) {
      take(chunk);
      return true;
    }
    said = Buffer.concat([said, chunk]);
    const end = 64 + 2 + (said[65] ?? 255);
    if (said.length < end) return true;
    isOver = true;
    socket.write(subscribe);
    if (said.length > end) take(said.subarray(end));
    return true;
  };
  const socket = createConnection({ host: "127.0.0.1", port, noDelay: true, onread: { buffer: memory, callback } });
  socket.on("error", () => undefined);
  socket.write(Buffer.concat([greeting, ready]));
  return socket;
}

const credit = createConnection({ host: "127.0.0.1", port: creditPort, noDelay: true });
credit.on("error", () => undefined);
const followings = Array.from({ length: subscribers }, () => new Following(bytes));
let told = 0;
let beganAt = 0;
const over = new Promise((resolve) => {
  for (const following of followings) {
    connect((chunk) => {
      following.take(chunk);
      if (following.count < told + TELL_EACH && following.count < events) return;
      const slowest = Math.min(...followings.map(({ count }) => count));
      if (slowest < told + TELL_EACH && slowest < events) return;
      told = slowest;
      const word = Buffer.alloc(4);
      word.writeUInt32BE(slowest);
      credit.write(word);
      if (beganAt === 0 && slowest >= warmUp) {
        beganAt = performance.now();
        followings[0].from = slowest;
      }
      if (slowest === events) resolve();
    });
  }
});
if (isOneStalled) {
  const stalled = connect(() => stalled.pause());
}
await over;
const seconds = (performance.now() - beganAt) / 1000;
say("done", { perSecond: (events - followings[0].from) / seconds });
await order("end");
process.exit(0);
