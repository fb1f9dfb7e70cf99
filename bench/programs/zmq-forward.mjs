// Stands between two processes: a block, or a loop over bare sockets.
import { options, order, say } from "./talk.mjs";

const { kind, connect, messageBytes, highWaterMark, engine = "libzmq" } = options;

if (kind === "bare") {
  const { Pull, Push } = await import("zeromq");
  const pull = new Pull(highWaterMark === undefined ? {} : { receiveHighWaterMark: highWaterMark });
  const push = new Push(highWaterMark === undefined ? {} : { sendHighWaterMark: highWaterMark });
  await pull.bind("tcp://127.0.0.1:*");
  push.connect(connect);
  say("ready", { address: pull.lastEndpoint });
  let cpu = process.cpuUsage();
  void order("warm").then(() => {
    cpu = process.cpuUsage();
  });
  void order("end").then(() => {
    say("ended", { cpu: process.cpuUsage(cpu) });
    process.exit(0);
  });
  for (;;) {
    const frames = await pull.receive();
    await push.send(frames);
  }
} else {
  const { Block } = await import("arroyojs");
  const { ZmqListener, ZmqPublisher } = await import("arroyojs/zmq");
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
}
