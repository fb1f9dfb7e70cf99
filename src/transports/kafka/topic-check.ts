import { setTimeout as pause } from "node:timers/promises";
import { UsageError } from "../../errors.ts";
import type { Client, TopicFacts } from "./client.ts";
import type { ConnectionPlan } from "./connection-options.ts";

/** A topic that was made is known to the brokers a little later. */
const TRIES = 50;
const EVERY_MS = 20;

/** Gives the facts of the topic, which is made first where that was asked for. */
export async function checkedTopic(client: Client, plan: ConnectionPlan): Promise<TopicFacts> {
  const { subject, topic, createTopic, brokers } = plan;
  const known = await client.topic(topic);
  if (known !== undefined) return known;
  if (createTopic === undefined) {
    throw new UsageError(
      `${subject}: there is no topic "${topic}" at ${brokers.join(", ")}; make it, or say createTopic: true`,
    );
  }
  await client.createTopic(topic, createTopic);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const made = await client.topic(topic);
    if (made !== undefined && made.partitions.length > 0) return made;
    await pause(EVERY_MS);
  }
  throw new UsageError(`${subject}: the topic "${topic}" was made and is not to be seen; look at the brokers' logs`);
}
