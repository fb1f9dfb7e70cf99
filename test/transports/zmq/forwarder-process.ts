// Forwards so many messages and ends: the child of exit.test.ts.
import { Block } from "../../../src/block/block.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";

const PATIENCE_MS = 20_000;
const [, , address, count, name] = process.argv;
const engine = name as EngineName;
const listener = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", engine });
const publisher = new ZmqPublisher({ connect: address as string, socket: "push", engine });
const block = new Block({ name: "forwarder", listeners: [listener], publishers: [publisher] });
await block.start();
await block.ready();
process.send?.(listener.endpoints[0]);
await until(() => block.account.published === Number(count), `${count} messages`, PATIENCE_MS);
await block.stop();
process.disconnect();
