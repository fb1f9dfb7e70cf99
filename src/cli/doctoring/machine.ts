import { readFile } from "node:fs/promises";
import { availableParallelism, freemem, totalmem } from "node:os";
import { sizeText } from "../../checkup/amounts.ts";
import type { Finding } from "../../checkup/finding.ts";
import { Report } from "../../checkup/report.ts";
import type { Manifest } from "./manifest.ts";
import { isAtLeast } from "./version.ts";

/** Each connection, each segment and each dead letter that is written is an open file. */
const FEW_FILES = 1024;
const LITTLE_MEMORY = 0.05;

/** Checks the machine: the version of Node.js, open files, processors and memory. */
export async function checkMachine({ engines }: Manifest, tell: (finding: Finding) => void): Promise<void> {
  const node = new Report("node", tell);
  const wanted = engines.node.replace(/^>=/, "");
  if (isAtLeast(process.versions.node, wanted)) node.ok(`${process.versions.node} (${wanted} or newer is needed)`);
  else node.error(`${process.versions.node} is too old`, `install Node.js ${wanted} or newer`);
  const files = await openFiles();
  const report = new Report("open files", tell);
  if (files === undefined) report.ok("the limit is not told here");
  else if (files < FEW_FILES) {
    report.warning(
      `at most ${files}, and each connection is one`,
      "raise it: ulimit -n 65536, or LimitNOFILE= of the service",
    );
  } else report.ok(`at most ${files === Number.POSITIVE_INFINITY ? "any number" : files}`);
  const cores = availableParallelism();
  new Report("processors", tell).ok(String(cores));
  const { availableMemory } = process as unknown as { readonly availableMemory?: () => number };
  const [free, total] = [availableMemory?.() ?? freemem(), totalmem()];
  const memory = new Report("memory", tell);
  const found = `${sizeText(free)} of ${sizeText(total)} are free`;
  if (free < LITTLE_MEMORY * total) memory.warning(found, "end something, or set smaller bounds (maxBytes)");
  else memory.ok(found);
}

/** The limit of this process, which Node.js has raised as far as it may; undefined where the system does not tell. */
async function openFiles(): Promise<number | undefined> {
  try {
    const limits = await readFile("/proc/self/limits", "utf8");
    const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return undefined;
  }
}
