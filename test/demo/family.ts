import { execFileSync } from "node:child_process";

/** Gives the ids of the processes that a process started, and of those that these started. */
export function descendants(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const children = rows.filter(([, parent]) => parents.includes(parent as number)).map(([child]) => child as number);
    found.push(...children);
    parents = children;
  }
  return found;
}

/** Tells whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
