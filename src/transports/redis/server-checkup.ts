import { sizeText } from "../../checkup/amounts.ts";
import { clockFinding } from "../../checkup/clock.ts";
import type { Report } from "../../checkup/report.ts";
import type { Link } from "./link.ts";
import type { ServerLimits } from "./server-limits.ts";

/** Streams are trimmed by age, and entries of silent consumers taken over, from this version on. */
const OLDEST = [6, 2] as const;
const FULL = 0.9;

/** Checks what a server says about itself: version, role, memory, how it keeps what it has, its clock. */
export async function checkServer(link: Link, { isDurable, isTold }: ServerLimits, report: Report): Promise<void> {
  const [info, sync, cluster] = await link.callAll(
    [["INFO"], ["CONFIG", "GET", "appendfsync"], ["CLUSTER", "INFO"]],
    "give",
  );
  if (info instanceof Error || info === undefined) {
    report.warning("does not tell what it is (INFO)", "let the user call INFO, to have version and memory checked");
  } else checkInfo(factsOf(info), report);
  if (isTold && isDurable && Array.isArray(sync) && String(sync[1]) === "no") {
    report.warning(
      "appendfsync is no: what was confirmed in the last half minute is gone when the machine dies",
      "set it with: CONFIG SET appendfsync everysec",
    );
  }
  if (!(cluster instanceof Error) && /cluster_state:(?!ok)/.test(String(cluster))) {
    report.error("the cluster is not complete (cluster_state)", "look at its nodes: CLUSTER NODES");
  }
  await checkClock(link, report);
}

/** The clock is asked alone, so that nothing else takes its time. */
async function checkClock(link: Link, report: Report): Promise<void> {
  const before = Date.now();
  const [time] = await link.callAll([["TIME"]], "give");
  const after = Date.now();
  if (!Array.isArray(time)) return;
  const theirs = Number(time[0]) * 1000 + Number(time[1]) / 1000;
  clockFinding(report, theirs - (before + after) / 2, after - before);
}

function checkInfo(facts: ReadonlyMap<string, string>, report: Report): void {
  const version = facts.get("redis_version") ?? "?";
  const kind = facts.get("server_name") ?? "Redis";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (isOld) report.error(`${kind} ${version} is too old`, `take ${OLDEST.join(".")} or newer`);
  else if (major < 7) {
    report.warning(
      `${kind} ${version} does not count entries: those that were trimmed before they were read are not noticed`,
      "take 7.0 or newer",
    );
  } else report.ok(`${kind} ${version} answers`);
  if (facts.get("role") === "slave") {
    report.error("is a replica, which takes nothing from publishers", "take the address of the primary");
  }
  if (facts.get("loading") === "1") report.warning("still loads its data", "try again when it has");
  const most = Number(facts.get("maxmemory") ?? 0);
  const used = Number(facts.get("used_memory") ?? 0);
  if (most > 0 && used > FULL * most) {
    report.warning(
      `its memory is nearly full: ${sizeText(used)} of maxmemory ${sizeText(most)}`,
      "raise maxmemory, or keep less in streams (maxBytes, maxAgeMs)",
    );
  }
  const write = facts.get("aof_last_write_status");
  if (write !== undefined && write !== "ok") {
    report.error("could not write its append-only file", "look at its log and disk; it refuses writes until then");
  }
}

function factsOf(info: unknown): ReadonlyMap<string, string> {
  const lines = String(info)
    .split(/\r?\n/)
    .filter((line) => line.includes(":") && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
