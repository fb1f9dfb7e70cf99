import type { Client, Way } from "./client.ts";
import { KafkajsClient } from "./kafkajs-client.ts";
import { loadKafkajs } from "./load-kafkajs.ts";

/** Loads the client library and connects; `way.subject` begins the error where it is not installed. */
export async function loadClient(way: Way, signal: AbortSignal): Promise<Client> {
  return KafkajsClient.connect(await loadKafkajs(way.subject), way, signal);
}
