import { UsageError } from "../../errors.ts";

/** Says what is received of a detector. */
export interface SlsDetectorOptions {
  /**
   * How many ports the listener receives. Default: those from which something came in this acquisition or in the one
   * before, which cannot know of a port that is late in the very first one.
   */
  readonly ports?: number;
}

/** Refuses options that there are none of, or whose values cannot be. */
export function checkOptions(options: SlsDetectorOptions): void {
  for (const key of Object.keys(options)) {
    if (key !== "ports") throw new UsageError(`slsDetector: there is no option "${key}"; there is ports`);
  }
  const { ports = 1 } = options;
  if (!Number.isSafeInteger(ports) || ports < 1) {
    throw new UsageError(`slsDetector: ports: expected a number from 1, got ${JSON.stringify(ports)}`);
  }
}
