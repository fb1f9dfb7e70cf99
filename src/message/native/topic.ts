import { RejectedError, UsageError } from "../../errors.ts";
import { readText } from "../msgpack/text.ts";

/** The topic of Starts, Stops and signs of life: a reader of some topics subscribes to this one beside them. */
export const LIFECYCLE_TOPIC = "!arroyo";

const LONGEST = 255;
const MAGIC = "AYO";
const LONE_SURROGATE = /\p{Surrogate}/u;
const REFUSED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Refuses a name that cannot be the topic of an event; "" stands for no topic. */
export function checkTopic(topic: string): void {
  if (topic.startsWith(MAGIC)) {
    throw new UsageError(`topic ${JSON.stringify(topic)}: begins with "${MAGIC}", as a header does; use another name`);
  }
  if (topic.startsWith(LIFECYCLE_TOPIC)) {
    const whose = `"${LIFECYCLE_TOPIC}" belongs to Starts and Stops`;
    throw new UsageError(`topic ${JSON.stringify(topic)}: ${whose}; use another name`);
  }
  if (REFUSED.has(topic)) throw new UsageError(`topic "${topic}": this name is not allowed; use another one`);
  if (LONE_SURROGATE.test(topic)) throw new UsageError("topic: is not valid Unicode; use another name");
  const bytes = Buffer.byteLength(topic);
  if (bytes > LONGEST)
    throw new UsageError(`topic: expected at most ${LONGEST} bytes, got ${bytes}; use a shorter name`);
}

/** Reads a topic frame. */
export function readTopic(frame: Uint8Array): string {
  if (frame.length > LONGEST) throw new RejectedError(`topic: longer than ${LONGEST} bytes`);
  const topic = readText(frame, 0, frame.length);
  if (topic === undefined) throw new RejectedError("topic: is not UTF-8");
  return topic;
}
