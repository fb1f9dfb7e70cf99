// Many clients of a WebSocket; those at odd places stop reading at once.
import { WebSocket } from "ws";
import { options, order, say } from "./talk.mjs";

const { url, clients } = options;
const PROTOCOLS = ["arroyo.native", "arroyo.msgpack"];
const received = new Array(clients).fill(0);

const opened = received.map(
  (_, place) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url, PROTOCOLS[(place >> 1) % PROTOCOLS.length], { perMessageDeflate: false });
      socket.on("error", reject);
      socket.on("message", () => {
        received[place] += 1;
      });
      socket.on("open", () => {
        if (place % 2 === 1) socket.pause();
        resolve();
      });
    }),
);
await Promise.all(opened);
say("open");
await order("end");
const living = received.filter((_, place) => place % 2 === 0);
say("ended", { least: Math.min(...living), most: Math.max(...living) });
process.exit(0);
