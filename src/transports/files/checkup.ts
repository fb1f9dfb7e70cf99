import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Checkup } from "../../checkup/finding.ts";
import { checkFolder } from "../../checkup/folder.ts";
import { Report } from "../../checkup/report.ts";
import { describeCapture } from "./capture/describe-capture.ts";

/** Checks a folder that is watched, and the place of its journal. */
export const checkFiles: Checkup = async ({ folder, journal, maxFiles = 1_000_000 }, { tell }) => {
  const path = String(folder);
  const report = new Report(`files ${path}`, tell);
  try {
    if (!(await stat(path)).isDirectory()) return report.error("is a file", "name the folder that it is in");
    await access(path, constants.R_OK | constants.X_OK);
    const { length } = await readdir(path);
    if (length > Number(maxFiles)) {
      report.error(`has ${length} entries, more than maxFiles`, "move older ones away, or raise maxFiles");
    } else report.ok(`is there, with ${length} entries`);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT") return report.error("there is no such folder", "make it, or correct the path");
    if (code === "EACCES") return report.error("this user may not read it", "let it read there");
    throw error;
  }
  if (journal === false) {
    return report.warning(
      "journal is false: what was finished is forgotten at the end, and comes again",
      "leave journal out, or name a file",
    );
  }
  const kept = typeof journal === "string" ? dirname(journal) : path;
  await checkFolder(new Report(`files ${kept} (journal)`, tell), kept);
};

/** Checks that a capture is there to be played, or that there is room to record one. */
export const checkCapture: Checkup = async (options, { role, own, tell }) => {
  const path = String(options["path"]);
  const report = new Report(`capture ${path}`, tell);
  if (role === "publisher") {
    const there = await describeCapture(path).catch(() => undefined);
    if (there !== undefined) report.ok(`is there, with ${there.next - there.first} messages; more would follow them`);
    await checkFolder(new Report(`capture ${path} (folder)`, tell), dirname(resolve(path)));
    return;
  }
  try {
    const { first, next, runs, isClosed } = await describeCapture(path);
    report.ok(`holds ${next - first} messages and ${runs.length} runs${isClosed ? "" : ", and is not closed"}`);
  } catch (error) {
    if (own.size > 0) return report.ok("is not there yet; a publisher of this configuration records it");
    report.failed(error, `capture ${path}`);
  }
};
