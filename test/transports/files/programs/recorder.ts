// Records numbered messages until it is killed, and says which are confirmed.
import { Event } from "../../../../src/message/event.ts";
import { CapturePublisher, type CaptureSync } from "../../../../src/transports/files/capture/capture-publisher.ts";

const [path = "", sync = "message"] = process.argv.slice(2);
const publisher = new CapturePublisher({ path, sync: sync as CaptureSync, segmentBytes: 256 * 1024 });
await publisher.open(new AbortController().signal);
for (let number = 0; ; number += 1) {
  const payload = new Uint8Array(1 + ((number * 7919) % 40_000)).fill(number % 251);
  await publisher.publish(new Event({ number }, payload));
  if (number % 50 === 0) process.send?.({ confirmed: number });
}
