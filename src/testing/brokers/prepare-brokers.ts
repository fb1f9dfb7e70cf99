import { prepareKafka } from "./kafka.ts";
import { rabbitMqPrograms } from "./rabbitmq.ts";
import { redisProgram } from "./redis-server.ts";

/** Names a broker that can be started. */
export type BrokerKind = "redis" | "rabbitmq" | "kafka";

const PREPARE: Readonly<Record<BrokerKind, () => Promise<unknown>>> = {
  redis: redisProgram,
  rabbitmq: rabbitMqPrograms,
  kafka: () => prepareKafka(),
};
const VARIABLES: Readonly<Record<BrokerKind, string>> = {
  redis: "ARROYO_REDIS_URL",
  rabbitmq: "ARROYO_AMQP_URL",
  kafka: "ARROYO_KAFKA_BROKERS",
};

/**
 * Gets the programs of brokers into the user's cache, so that later starts are quick and need no network; nothing for
 * those that the environment names. Throws with what to install where that is impossible.
 */
export async function prepareBrokers(...kinds: readonly BrokerKind[]): Promise<void> {
  for (const kind of kinds) if (!process.env[VARIABLES[kind]]) await PREPARE[kind]();
}
