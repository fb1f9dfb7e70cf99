import { startRedis } from "../../../src/testing/brokers/index.ts";

// Runs until it is killed.
const { port, folder } = await startRedis({ own: true });
process.send?.({ port, folder });
setInterval(() => undefined, 60_000);
