// Publishes on a channel of Redis, or counts what comes: with a block, or with bare ioredis.
import { options, order, say } from "./talk.mjs";

const { role, kind, url, bytes, events } = options;
const WINDOW = 1000;

if (kind === "bare") {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, { protocol: 2 });
  if (role === "sink") {
    let came = 0;
    redis.on("messageBuffer", (_channel, body) => {
      if (body.length !== bytes) throw new Error(`expected ${bytes} bytes, got ${body.length}`);
      came += 1;
      if (came === events) say("done", { at: Date.now() });
    });
    await redis.subscribe("c");
    say("ready");
  } else {
    const body = Buffer.alloc(bytes, 7);
    say("ready");
    await order("go");
    say("begun", { at: Date.now() });
    let open = Promise.resolve();
    for (let sent = 0; sent < events; sent += WINDOW) {
      const pipeline = redis.pipeline();
      for (let at = sent; at < Math.min(events, sent + WINDOW); at += 1) pipeline.callBuffer("PUBLISH", "c", body);
      const next = pipeline.exec();
      // One window is on its way while the next one is made.
      await open;
      open = next;
    }
    await open;
  }
  await order("end");
  process.exit(0);
} else {
  const { Block, Event, Listener } = await import("arroyojs");
  const { RedisListener, RedisPublisher } = await import("arroyojs/redis");
  if (role === "sink") {
    let came = 0;
    const block = new Block({
      name: "sink",
      listeners: [new RedisListener({ url, channels: "c" })],
      operator: (message) => {
        if (message.payload.length !== bytes) throw new Error("not what was sent");
        came += 1;
        if (came === events) say("done", { at: Date.now() });
      },
    });
    await block.start();
    await block.ready();
    say("ready");
    await order("end");
    const { received, lost } = await block.stop();
    say("ended", { account: { received, lost } });
  } else {
    class Source extends Listener {
      async start(inlet) {
        inlet.ready();
        await order("go");
        say("begun", { at: Date.now() });
        const payload = Buffer.alloc(bytes, 7);
        for (let sent = 0; sent < events; sent += 1) {
          const wait = inlet.put(new Event(undefined, payload));
          if (wait !== undefined) await wait;
        }
      }
    }
    const block = new Block({
      name: "source",
      listeners: [new Source()],
      publishers: [new RedisPublisher({ url, channel: "c" })],
    });
    await block.start();
    say("ready");
    await block.finished;
    await order("end");
  }
  process.disconnect();
}
