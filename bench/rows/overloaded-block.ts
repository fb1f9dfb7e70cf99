import type { Company } from "../company.ts";
import type { Program } from "../program.ts";

export const MB = 1_000_000;
const FRAME_BYTES = 8 * MB;
/** Room for 8 frames, and some more for what is around them. */
export const QUEUE_BYTES: number = 66 * MB;
export const SOCKET_BYTES: number = 32 * MB;
export const OFFERED_PER_SECOND = 60;

/** Holds what an account says. */
export interface Counts {
  readonly received: number;
  readonly events: number;
  readonly finished: number;
  readonly dropped: number;
  readonly failed: number;
  readonly dead: number;
  readonly left: number;
  readonly lost: number | "unknown";
}

/** Is what the block says at its end. */
export interface Ended {
  readonly peakBytes: number;
  /** Frames that its operator worked on. */
  readonly worked: number;
  /** When the last bytes came, in ms on the clock of `process.hrtime`. */
  readonly lastCameAt?: number;
  readonly account?: Counts;
}

/** Begins what is to be overloaded: a block, or a bare loop. */
export async function beginOverloaded(
  company: Company,
  options: object,
): Promise<{ readonly program: Program; readonly address: string; readonly idleBytes: number }> {
  const bounds = { maxBytes: QUEUE_BYTES, socketBytes: SOCKET_BYTES, frameBytes: FRAME_BYTES };
  const program = company.begin("overloaded", { ...options, ...bounds });
  const { address, idleBytes } = await program.word<{ address: string; idleBytes: number }>("ready");
  return { program, address, idleBytes };
}

/** Begins the source, which offers more than can be worked on. */
export function beginFlood(company: Company, connect: string, seconds: number): Program {
  const pace = { perSecond: OFFERED_PER_SECOND, seconds, highWaterMark: 2 };
  return company.begin("flood", { connect, bytes: FRAME_BYTES, ...pace });
}
