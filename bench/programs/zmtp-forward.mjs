// Stands between two processes: a block whose engine is named.
import { Block } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { options, order, say } from "./talk.mjs";

const { engine, connect, messageBytes, highWaterMark } = options;
const bounds = messageBytes === undefined ? {} : { messageBytes, maxBytes: messageBytes * highWaterMark };
const listener = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", engine, ...bounds });
const publisher = new ZmqPublisher({ connect, socket: "push", engine, ...bounds });
const block = new Block({ name: "forward", listeners: [listener], publishers: [publisher] });
await block.start();
await block.ready();
say("ready", { address: listener.endpoints[0] });
let cpu = process.cpuUsage();
void order("warm").then(() => {
  cpu = process.cpuUsage();
});
await order("end");
const used = process.cpuUsage(cpu);
const { received, finished, published, lost, left, rejected } = await block.stop();
say("ended", { cpu: used, account: { received, finished, published, lost, left, rejected } });
process.disconnect();
