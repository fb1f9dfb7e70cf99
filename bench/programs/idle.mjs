// Starts one block, or what it is compared with, and waits.
import { options, order, say } from "./talk.mjs";

const { kind, idleMs } = options;

const starts = {
  async memory() {
    const { Block } = await import("arroyojs");
    const { MemoryChannel, MemoryListener, MemoryPublisher } = await import("arroyojs/memory");
    const [before, after] = [new MemoryChannel(), new MemoryChannel()];
    const listeners = [new MemoryListener({ channel: before })];
    const block = new Block({ name: "idle", listeners, publishers: [new MemoryPublisher({ channel: after })] });
    await block.start();
    await block.ready();
    return () => block.stop();
  },
  async zmq() {
    const { Block } = await import("arroyojs");
    const { ZmqListener, ZmqPublisher } = await import("arroyojs/zmq");
    const listeners = [new ZmqListener({ bind: "tcp://127.0.0.1:*" })];
    const publishers = [new ZmqPublisher({ bind: "tcp://127.0.0.1:*" })];
    const block = new Block({ name: "idle", listeners, publishers });
    await block.start();
    await block.ready();
    return () => block.stop();
  },
  async "bare zmq"() {
    const { Publisher, Subscriber } = await import("zeromq");
    const [sub, pub] = [new Subscriber(), new Publisher()];
    sub.subscribe();
    await sub.bind("tcp://127.0.0.1:*");
    await pub.bind("tcp://127.0.0.1:*");
    void sub.receive().catch(() => undefined);
    return () => {
      sub.close();
      pub.close();
    };
  },
  async node() {
    return () => undefined;
  },
};

const stop = await starts[kind]();
say("ready");
// Without a timer nothing would keep the kind "node" alive; the others need none.
await new Promise((resolve) => setTimeout(resolve, idleMs));
say("idle", { residentBytes: process.memoryUsage.rss() });
await order("end");
await stop();
process.disconnect();
