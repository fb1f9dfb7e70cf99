// The same chain, and a bad night: the process in the middle is killed with SIGKILL in the middle of a run and started
// again. The account at the end says what it cost. Run it with: npx tsx examples/chain/kill.ts
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, type Message, missingText, Publisher, run } from "arroyojs";
import { ZmqListener } from "arroyojs/zmq";

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const [raw, sums] = [`ipc://${folder}/raw`, `ipc://${folder}/sums`];
const start = (name: string, ...args: string[]) => fork(join(import.meta.dirname, name), args);

const detector = start("detector.ts", raw, "Infinity");
let reduce = start("reduce.ts", raw, sums);

/** Kills the process before this one after 50 images, and ends the run after 50 more. */
class Script extends Publisher {
  #images = 0;

  override publish(message: Message): void {
    if (message.type === "start") console.log(message.resumed ? "start of scan-7, given again" : "start of scan-7");
    if (message.type === "stop") console.log(`stop of scan-7: ${message.reason}`);
    if (message.type !== "event") return;
    this.#images += 1;
    if (this.#images === 50) {
      reduce.kill("SIGKILL");
      reduce = start("reduce.ts", raw, sums);
    }
    if (this.#images === 100) detector.kill("SIGTERM"); // it stops taking images, says Stop and ends
  }
}

const store = new Block({
  name: "store",
  listeners: [new ZmqListener({ connect: sums })],
  publishers: [new Script()],
});
store.on("run", ({ what, reason }) => {
  if (what === "ended" && reason === "completed") void store.stop();
});
const [account] = await run(store);

for (const { missing = [] } of account?.runs ?? []) for (const one of missing) console.log(missingText(one));
reduce.kill("SIGTERM");
await new Promise((resolve) => reduce.once("exit", resolve));
await rm(folder, { recursive: true });
