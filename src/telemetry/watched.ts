import type { BlockEvents, State } from "../events.ts";
import type { Observed } from "./observed.ts";

/** Remembers of a block what it tells once and nobody can ask for later. */
export class Watched implements Disposable {
  readonly block: Observed;
  /** The state of the block, which is the part `block`, and of each listener and publisher that told one. */
  readonly states: Map<string, State> = new Map<string, State>();
  /** What each listener told last of its source. */
  readonly lags: Map<string, BlockEvents["lag"]> = new Map<string, BlockEvents["lag"]>();
  runsOpened = 0;
  /** Runs that ended, by the reason. */
  readonly runsEnded: Map<string, number> = new Map<string, number>();
  warnings = 0;
  /** Dead letters, by the step that put them there. */
  readonly deadLetters: Map<string, number> = new Map<string, number>();
  readonly #undo: (() => void)[] = [];
  #finished = -1;
  #movedMs: number;

  constructor(block: Observed, nowMs: number) {
    this.block = block;
    this.#movedMs = nowMs;
    this.#hear("state", ({ part, state }) => this.states.set(part, state));
    this.#hear("lag", (news) => this.lags.set(news.part, news));
    this.#hear("run", ({ what, reason = "completed" }) => {
      if (what === "opened") this.runsOpened += 1;
      else add(this.runsEnded, reason);
    });
    this.#hear("warning", () => {
      this.warnings += 1;
    });
    this.#hear("dead-letter", ({ step }) => add(this.deadLetters, step));
  }

  /**
   * Gives how long the oldest unfinished delivery has waited, in milliseconds: measured by the block where it does that,
   * else how long nothing was finished although something waits, as seen from call to call.
   */
  stalledMs(nowMs: number): number {
    const { timings, account, load } = this.block;
    const finished = account.finished + account.dropped + account.failed + account.dead;
    const isIdle = load.queued + load.running + load.outgoing === 0;
    if (isIdle || finished !== this.#finished) [this.#finished, this.#movedMs] = [finished, nowMs];
    return timings?.oldest ?? nowMs - this.#movedMs;
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #hear<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): void {
    this.block.on(event, listener);
    this.#undo.push(() => void this.block.off(event, listener));
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
