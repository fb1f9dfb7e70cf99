import { systemClock } from "../../time/clock.ts";
import { within } from "../../time/wait.ts";
import type { Feeding } from "./feeding.ts";
import type { AnyBlock } from "./supervisor.ts";

/** What a block of this process sent over a socket is there within so long, */
const ARRIVES_MS = 100;
/** and where others send too, there is no waiting for silence. */
const MOST_ARRIVING_MS = 1000;
const LOOK_MS = 20;

/** Says how blocks are drained. */
export interface DrainOptions {
  readonly feeding: ReadonlyMap<string, Feeding>;
  /** For all of them together. */
  readonly deadlineMs: number;
  /** What has not begun to listen has nothing to wait for. */
  readonly isListening: (block: AnyBlock) => boolean;
}

/** Stops blocks with one deadline: those that feed others first, so that what these publish still gets through. */
export async function drainInOrder(blocks: readonly AnyBlock[], options: DrainOptions): Promise<void> {
  const { feeding, deadlineMs, isListening } = options;
  const endMs = performance.now() + deadlineMs;
  const leftMs = (): number => Math.max(0, endMs - performance.now());
  const draining = new Map<string, Promise<void>>();
  const named = new Map(blocks.map((block) => [block.name, block] as const));

  const drain = (block: AnyBlock, behind: readonly string[]): Promise<void> => {
    const known = draining.get(block.name);
    if (known !== undefined) return known;
    const { from = [], ends = false } = feeding.get(block.name) ?? {};
    // Blocks that feed each other in a circle cannot wait for each other.
    const first = from.filter((name) => name !== block.name && !behind.includes(name));
    const feeders = first.map((name) => named.get(name)).filter((one) => one !== undefined);
    const work = async (): Promise<void> => {
      if (feeders.length > 0) {
        await Promise.all(feeders.map((feeder) => drain(feeder, [...behind, block.name])));
        if (isListening(block)) await within(systemClock, leftMs(), ends ? ended(block) : silence(block));
      }
      await block.stop({ deadlineMs: leftMs() });
    };
    const promise = work();
    draining.set(block.name, promise);
    return promise;
  };
  await Promise.all(blocks.map((block) => drain(block, [])));
}

function ended({ finished }: AnyBlock): Promise<unknown> {
  return finished.catch(() => undefined);
}

/** Resolves when nothing came in for a moment, or when that lasts too long. */
async function silence(block: AnyBlock): Promise<void> {
  let { received } = block.account;
  const beganMs = performance.now();
  let changedMs = beganMs;
  while (performance.now() - changedMs < ARRIVES_MS && performance.now() - beganMs < MOST_ARRIVING_MS) {
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
    const now = block.account.received;
    if (now !== received) [received, changedMs] = [now, performance.now()];
  }
}
