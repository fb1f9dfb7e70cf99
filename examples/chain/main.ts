// A chain of three processes over ZeroMQ PUB/SUB: detector -> reduce -> this one, which starts the other two.
// Run it with: npx tsx examples/chain/main.ts
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, type Message, Publisher, run } from "arroyojs";
import { ZmqListener } from "arroyojs/zmq";

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const [raw, sums] = [`ipc://${folder}/raw`, `ipc://${folder}/sums`];

fork(join(import.meta.dirname, "detector.ts"), [raw, "100"]);
const reduce = fork(join(import.meta.dirname, "reduce.ts"), [raw, sums]);

class Print extends Publisher {
  override publish(message: Message): void {
    if (message.type !== "event") console.log(`${message.type} of ${message.run}`);
    else if (Number(message.metadata["image"]) % 25 === 0) console.log(message.metadata);
  }
}

const store = new Block({
  name: "store",
  listeners: [new ZmqListener({ connect: sums })],
  publishers: [new Print()],
});
// A subscriber's source never ends by itself: this program decides that one run is enough.
store.on("run", ({ what }) => {
  if (what === "ended") void store.stop();
});
const [account] = await run(store);

// The Stop brought the accounts of the processes before this one.
for (const hop of [...(account?.hops ?? []), account]) {
  console.log(`${hop?.block}: received ${hop?.received}, published ${hop?.published}, lost ${hop?.lost}`);
}
reduce.kill("SIGTERM"); // it drains, prints its own account and ends
await new Promise((resolve) => reduce.once("exit", resolve));
await rm(folder, { recursive: true });
