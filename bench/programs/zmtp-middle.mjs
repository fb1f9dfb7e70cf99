// Stands between two processes: a block with our engine, or a loop over bare sockets of the package.
import { options, order, say } from "./talk.mjs";

const { kind, connect, operator, ballast = 0, highWaterMark, ...reading } = options;

const OPERATORS = {
  field: (message) => {
    if (message.type === "event" && message.field("name") !== "scan-42") throw new Error("another name");
    return message;
  },
  metadata: (message) => {
    if (message.type === "event" && message.metadata.name !== "scan-42") throw new Error("another name");
    return message;
  },
  changes: (message) =>
    message.type === "event" ? message.with({ metadata: { ...message.metadata, isSeen: true } }) : message,
  async: async (message) => message,
};

/** Objects that live as long as the process: the collector walks over them whenever it looks at everything. */
const held = Array.from({ length: ballast }, (_, index) => ({ index, text: `object ${index}` }));
let cpu = process.cpuUsage();
void order("warm").then(() => {
  cpu = process.cpuUsage();
});

if (kind === "bare") {
  const { Pull, Push } = await import("zeromq");
  const pull = new Pull(highWaterMark === undefined ? {} : { receiveHighWaterMark: highWaterMark });
  const push = new Push(highWaterMark === undefined ? {} : { sendHighWaterMark: highWaterMark });
  await pull.bind("tcp://127.0.0.1:*");
  push.connect(connect);
  say("ready", { address: pull.lastEndpoint });
  void order("end").then(() => {
    say("ended", { cpu: process.cpuUsage(cpu), held: held.length });
    process.exit(0);
  });
  for (;;) await push.send(await pull.receive());
} else {
  const { Block } = await import("arroyojs");
  const { ZmqListener, ZmqPublisher } = await import("arroyojs/zmq");
  const listener = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", ...reading });
  const publisher = new ZmqPublisher({ connect, socket: "push" });
  const block = new Block({
    name: "forward",
    listeners: [listener],
    publishers: [publisher],
    ...(operator === undefined ? {} : { operator: OPERATORS[operator] }),
  });
  await block.start();
  await block.ready();
  say("ready", { address: listener.endpoints[0] });
  await order("end");
  const used = process.cpuUsage(cpu);
  const { received, finished, published, lost, left, rejected } = await block.stop();
  say("ended", { cpu: used, account: { received, finished, published, lost, left, rejected }, held: held.length });
  process.disconnect();
}
