// A block that publishes as fast as it can to whoever looks by WebSocket; begins when told, and ends by itself.
import { Block, Event, Listener, Start, Stop } from "arroyojs";
import { WebSocketPublisher } from "arroyojs/websocket";
import { options, order, say } from "./talk.mjs";

const { seconds, payloadBytes, maxBytes, clients } = options;
const RUN = "bench";

class Flood extends Listener {
  sent = 0;
  tookMs = 0;

  async start(inlet, signal) {
    inlet.ready();
    await order("begin");
    const payload = new Uint8Array(payloadBytes);
    await inlet.put(new Start({}, { run: RUN }));
    const beganAt = performance.now();
    while (performance.now() - beganAt < seconds * 1000 && !signal.aborted) {
      for (let n = 0; n < 64; n += 1) {
        const put = inlet.put(new Event({ n: this.sent }, payload, { run: RUN }));
        this.sent += 1;
        if (put !== undefined) await put;
      }
    }
    this.tookMs = performance.now() - beganAt;
    await inlet.put(new Stop({}, { run: RUN }));
  }
}

const flood = new Flood();
const publisher = new WebSocketPublisher({ port: 0, maxBytes });
const block = new Block({ name: "bench", listeners: [flood], publishers: [publisher] });
await block.start();
say("ready", { url: publisher.endpoint });
while (publisher.clients.length < clients) await new Promise((resolve) => setTimeout(resolve, 10));
say("served", { idleBytes: process.memoryUsage.rss() });
const account = await block.finished;
const { received, published, dropped, failed, left } = account;
const { sent: given, dropped: notGiven } = publisher.counts;
say("ended", {
  sent: flood.sent,
  perSecond: (flood.sent / flood.tookMs) * 1000,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  account: { received, published, dropped, failed, left },
  given,
  notGiven,
});
process.disconnect();
