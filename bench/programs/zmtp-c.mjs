// Runs the forwarder in C, and speaks for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { options, order, say } from "./talk.mjs";

const { program, connect, highWaterMark = 1000 } = options;
const child = spawn(program, [connect, String(highWaterMark)], { stdio: ["ignore", "pipe", "inherit"] });
// However this process ends, the other one does not outlive it.
process.once("exit", () => child.kill("SIGKILL"));
process.once("disconnect", () => process.exit());
const lines = createInterface({ input: child.stdout });
say("ready", { address: (await once(lines, "line"))[0] });
void order("warm").then(() => child.kill("SIGUSR1"));
await order("end");
const figure = once(lines, "line");
child.kill("SIGTERM");
say("ended", { cpu: { user: Number((await figure)[0]), system: 0 } });
process.disconnect();
