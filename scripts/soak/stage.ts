// One process of the soak: a hop of the chain of test/chain, or one of its ends, which know what was sent and what came.
import { type Inlet, Listener, run } from "arroyojs";
import { type HopName, type HopParts, hopBlock, type Places } from "../../test/chain/hops.ts";
import { eventOf, startOf, stopOf } from "../../test/chain/messages.ts";
import { Seen } from "../../test/chain/seen.ts";
import { type BlockWord, say, takeOrders, tellOf } from "../../test/process/programs/speech.ts";

/** How much is sent, and how. */
export interface Load {
  /** Events a second. */
  readonly hz: number;
  /** About the size of a payload. */
  readonly bytes: number;
  readonly runs: number;
  readonly runEvents: number;
}

/** Describes a process. */
export interface StageOptions {
  readonly hop: HopName;
  readonly places: Places;
  readonly load: Load;
}

/** What a process says. */
export type StageWord =
  | BlockWord
  | { readonly say: "memory"; readonly live: number; readonly rss: number }
  | { readonly say: "sent"; readonly run: string; readonly events: number }
  | {
      readonly say: "came";
      readonly run: string;
      /** Different events, and the highest number of them. */
      readonly events: number;
      readonly last: number;
      readonly twice: number;
      readonly faults: readonly string[];
    };

/** Sends one run after the other at a fixed rate: whoever is slow does not slow it down, except by back-pressure. */
class Detector extends Listener {
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const { hz, bytes, runs, runEvents } = options.load;
    const beganAt = performance.now();
    let due = 0;
    for (let number = 1; number <= runs; number += 1) {
      const name = `soak-${number}`;
      await inlet.put(startOf(name));
      for (let id = 0; id < runEvents; id += 1) {
        const waitMs = beganAt + (due * 1_000) / hz - performance.now();
        due += 1;
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (signal.aborted) return;
        await inlet.put(eventOf(name, id, bytes));
      }
      await inlet.put(stopOf(name, runEvents));
      say({ say: "sent", run: name, events: runEvents });
    }
  }
}

function parts(): HopParts {
  if (options.hop === "detector") return { listener: new Detector() };
  return options.hop === "sink" ? { operator: seen } : {};
}

/** What is alive, after collections, and what the process has of the system. */
async function memory(): Promise<{ readonly live: number; readonly rss: number }> {
  globalThis.gc?.();
  // What buffers had is freed beside us, and counted as free somewhat later.
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { live: heapUsed + external, rss };
}

const options = JSON.parse(process.argv[2] as string) as StageOptions;
const seen = new Seen(options.load.bytes, (name) => {
  const ids = seen.idsOf(name);
  say({ say: "came", run: name, events: ids.length, last: ids.at(-1) ?? -1, ...seen.forget(name) });
});
takeOrders(() => void memory().then((found) => say({ say: "memory", ...found })));
const block = hopBlock(options.hop, options.places, parts());
tellOf(block);
await run(block);
