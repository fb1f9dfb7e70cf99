import { counted, sizeText } from "../../checkup/amounts.ts";
import type { Examination } from "../../checkup/finding.ts";
import type { Report } from "../../checkup/report.ts";
import type { Command } from "./command.ts";
import { cursorKey } from "./cursor-reading.ts";
import { pairs } from "./entries.ts";
import { compareIds } from "./entry-id.ts";
import type { Link } from "./link.ts";
import { checkPermissions, type Wish } from "./permissions-checkup.ts";
import { runIndexKey } from "./run-index.ts";
import { type StreamInfo, streamInfo } from "./stream-info.ts";

type Options = Readonly<Record<string, unknown>>;
const USUAL_BYTES = 1024 ** 3;

/** Checks a stream: what stands there, whether it may be read or written, where a group or a cursor stands in it. */
export async function checkStream(
  link: Link,
  stream: string,
  options: Options,
  { role, own }: Examination,
  report: Report,
): Promise<void> {
  const type = String(await link.call(["TYPE", stream]));
  if (type !== "none" && type !== "stream") {
    return report.error(`the key holds something else (${type})`, "use another name");
  }
  await checkPermissions(link, wishesOf(role, stream, options), report);
  if (role === "publisher") await checkRetention(link, options, report);
  if (type === "none") {
    if (role === "publisher") return report.ok("is not there yet; the first message makes it");
    if (own.size > 0) return report.ok("is not there yet; a publisher of this configuration makes it");
    return report.warning("there is no such stream yet, and the listener would wait for it", "is the name right?");
  }
  const info = await streamInfo(link, stream);
  const used = info.averageBytes * info.length;
  report.ok(`holds ${counted(info.length, "entry", "entries")}${used > 0 ? `, ${sizeText(used)}` : ""}`);
  if (role === "publisher") return;
  const { group, cursor } = options;
  if (typeof group === "string") await checkGroup(link, stream, group, info, report);
  if (typeof cursor === "string") await checkCursor(link, stream, cursor, info, report);
}

function wishesOf(role: Examination["role"], stream: string, { group, cursor, consumer = "doctor" }: Options): Wish[] {
  if (role === "publisher") {
    const commands: Command[] = [
      ["XADD", stream, "*", "message", ""],
      ["HSET", runIndexKey(stream), "0-0", ""],
    ];
    return commands.map((command) => ({ command, means: "write" }));
  }
  const reads: Command[] = [
    ["XREAD", "STREAMS", stream, "0-0"],
    ["HGETALL", runIndexKey(stream)],
  ];
  const read = reads.map((command): Wish => ({ command, means: "read" }));
  if (typeof group === "string") {
    const commands: Command[] = [
      ["XREADGROUP", "GROUP", group, String(consumer), "STREAMS", stream, ">"],
      ["XACK", stream, group, "0-0"],
      ["XAUTOCLAIM", stream, group, String(consumer), 60_000, "0-0"],
      ["XGROUP", "CREATE", stream, group, "0-0", "MKSTREAM"],
    ];
    return [...read, ...commands.map((command) => ({ command, means: "share" }))];
  }
  if (typeof cursor !== "string") return read;
  return [
    ...read,
    { command: ["HSET", cursorKey(stream, cursor), "position", "0-0"], means: "remember a position in" },
  ];
}

/** What is kept must fit into what the server may use. */
async function checkRetention(link: Link, { maxBytes = USUAL_BYTES }: Options, report: Report): Promise<void> {
  const [answer] = await link.callAll([["CONFIG", "GET", "maxmemory"]], "give");
  const most = Array.isArray(answer) ? Number(answer[1]) : 0;
  if (!(most > 0) || Number(maxBytes) < most) return;
  report.warning(
    `keeps up to ${Number(maxBytes) === Number.POSITIVE_INFINITY ? "everything" : sizeText(Number(maxBytes))}, and ` +
      `the server's maxmemory is ${sizeText(most)}: it would be full first`,
    "set a smaller maxBytes, or raise maxmemory",
  );
}

async function checkGroup(link: Link, stream: string, group: string, info: StreamInfo, report: Report): Promise<void> {
  const groups = await link.call(["XINFO", "GROUPS", stream]);
  const found = (Array.isArray(groups) ? groups : []).map(pairs).find((one) => String(one.get("name")) === group);
  if (found === undefined) return report.ok(`there is no group ${group} yet; it would be made`);
  const fact = (name: string): string => String(found.get(name) ?? "");
  const lag = fact("lag");
  report.ok(
    `the group ${group} has ${fact("consumers")} consumers, ${fact("pending")} entries in work` +
      (/^\d+$/.test(lag) ? ` and ${lag} to read` : ""),
  );
  checkBehind(
    fact("last-delivered-id"),
    Number(fact("entries-read") || Number.NaN),
    `the group ${group}`,
    info,
    report,
  );
}

async function checkCursor(
  link: Link,
  stream: string,
  cursor: string,
  info: StreamInfo,
  report: Report,
): Promise<void> {
  const stored = pairs(await link.call(["HGETALL", cursorKey(stream, cursor)]));
  const position = String(stored.get("position") ?? "");
  if (position === "") return report.ok(`the cursor ${cursor} remembers nothing yet; it would be made`);
  report.ok(`the cursor ${cursor} stands at ${position}`);
  const count = String(stored.get("count") ?? "");
  checkBehind(position, count === "" ? Number.NaN : Number(count), `the cursor ${cursor}`, info, report);
}

/** Of what was added, a reader has read so many; what is gone beyond that was trimmed before it came to it. */
function checkBehind(
  position: string,
  read: number,
  who: string,
  { lastId, added, length }: StreamInfo,
  report: Report,
): void {
  if (!/^\d+-\d+$/.test(position)) return;
  if (compareIds(position, lastId) > 0) {
    report.warning(
      `ends at ${lastId}, before ${who}: it was made anew, or lost data`,
      "reading goes on with what comes",
    );
    return;
  }
  const lost = added === undefined ? 0 : added - length - read;
  if (!(lost > 0)) return;
  report.warning(
    `${lost} entries were trimmed before ${who} read them`,
    "keep more of it (maxBytes, maxAgeMs of its publishers), or read faster",
  );
}
