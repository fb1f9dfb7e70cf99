import { timeText } from "./amounts.ts";
import type { Report } from "./report.ts";

/** Times of messages from here and from there are compared: by more than this they are of no use. */
const MOST_MS = 1_000;

/** Tells how far another clock is from ours, where it was asked within `roundMs`. */
export function clockFinding(report: Report, offsetMs: number, roundMs: number): void {
  const off = Math.abs(offsetMs);
  const way = offsetMs > 0 ? "ahead of" : "behind";
  if (off - roundMs > MOST_MS) {
    report.warning(`its clock is ${timeText(off)} ${way} ours`, "set both by NTP (chronyc tracking, timedatectl)");
  } else report.ok("its clock is ours, within a second");
}
