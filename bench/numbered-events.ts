import { type AnyMessage, Event, type Publisher } from "arroyojs";

const AT_ONCE = 1000;

/** Publishes events of so many bytes without a run, each with its number in its last four, and closes. */
export async function publishNumbered(publisher: Publisher<AnyMessage>, bytes: number, events: number): Promise<void> {
  publisher.begin("bench");
  await publisher.open(new AbortController().signal);
  for (let from = 0; from < events; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, events - from) }, (_, at) => {
      const payload = Buffer.alloc(bytes, 7);
      payload.writeUInt32LE(from + at, bytes - 4);
      return new Event(undefined, payload);
    });
    await publisher.publishBatch(some);
    publisher.attempted("done");
  }
  await publisher.close();
}
