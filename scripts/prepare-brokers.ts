// Fetches the brokers that the tests start, where they are not there yet: `node --import tsx scripts/prepare-brokers.ts`.
import { prepareBrokers } from "../src/testing/brokers/index.ts";

await prepareBrokers("redis", "rabbitmq", "kafka").catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
