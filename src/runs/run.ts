import type { RunCounts } from "../message/account.ts";
import type { Start } from "../message/start.ts";
import type { StopReason } from "../message/stop.ts";
import { Tally } from "./tally.ts";

/**
 * Where a run stands at one reader: events came and its Start did not; it is open; its Start never came in time; it is
 * over.
 */
export type RunState = "waiting" | "open" | "startless" | "ended";

/** Why a run is over: its Stop came, its source is silent, a newer life of its source took over, or we left it. */
export type Ending = "stop" | "gone" | "superseded" | "left";

/** Is one run as one reader sees it, from the first message that names it to its end. */
export class Run {
  readonly id: string;
  readonly stream: string;
  readonly tally: Tally = new Tally();
  state: RunState = "waiting";
  start: Start | undefined;
  /** The place of its Start among all Starts and Stops of its source, where they have numbers. */
  startSequence: number | undefined;
  ending: Ending | undefined;
  endedAs: StopReason | undefined;
  joinedAt: number | undefined;
  /** True when messages of it can get lost on the way here, so that without its Stop nobody knows how many were sent. */
  lossy = false;
  missing: RunCounts["missing"];

  constructor(id: string, stream: string) {
    this.id = id;
    this.stream = stream;
  }

  counts(): RunCounts {
    const { endedAs, joinedAt, missing } = this;
    return {
      run: this.id,
      stream: this.stream,
      ...(endedAs === undefined ? {} : { ended: endedAs }),
      ...(joinedAt === undefined ? {} : { joinedAt }),
      ...(missing === undefined ? {} : { missing }),
      ...this.tally.counts(),
    };
  }
}
