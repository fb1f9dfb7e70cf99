// Writes a run into a file, with a publisher of our own. Run it with: npx tsx examples/custom-publisher/main.ts
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, NdArray, run, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";
import { JsonLinesPublisher } from "./json-lines-publisher.ts";

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const path = join(folder, "scan-7.jsonl");

// A log in memory stands for the source: it can give messages again, so that "at least once" can be promised.
const log = new MemoryChannel({ mode: "log" });
const source = new MemoryPublisher({ channel: log, stream: "diode" });
await source.open(new AbortController().signal);
await source.publish(new Start({ sample: "silver behenate" }, { run: "scan-7" }));
for (let n = 1; n <= 1000; n += 1) {
  await source.publish(new Event({ n }, new NdArray(Float32Array.of(n, n / 2)), { run: "scan-7" }));
}
await source.publish(new Stop({}, { run: "scan-7" }));
source.close();

await run(
  new Block({
    name: "recorder",
    listeners: [new MemoryListener({ channel: log, group: "recorder" })],
    publishers: [new JsonLinesPublisher({ path })],
    guarantee: "at-least-once",
  }),
);

const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
console.log(`${lines.length} lines; line 2:`);
console.log(JSON.parse(lines[1] ?? ""));
await rm(folder, { recursive: true });
