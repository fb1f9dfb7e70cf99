import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 100;

/** Names the folder for brokers in the user's own cache, by the XDG rules; ARROYO_CACHE names another. */
export function brokerCache(): string {
  const own = process.env.ARROYO_CACHE;
  if (own !== undefined && own !== "") return join(own, "brokers");
  const xdg = process.env.XDG_CACHE_HOME;
  return join(xdg?.startsWith("/") ? xdg : join(homedir(), ".cache"), "arroyojs", "brokers");
}

/**
 * Gives a folder of the cache; where it is missing, `fill` is called once for it, also when several processes ask at
 * the same time, and what fails half-way leaves nothing.
 */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const path = join(brokerCache(), name);
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const unlock = await lock(`${path}.lock`);
  try {
    if (existsSync(path)) return path;
    const folder = await mkdtemp(`${path}.part-`);
    try {
      await fill(folder);
      await rename(folder, path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await unlock();
  }
  return path;
}

/** Waits until this process alone has the lock; one whose owner is gone counts for nothing. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
    if (ownerIsGone(path)) await rm(path, { force: true });
    else await sleep(LOOK_EVERY_MS);
  }
}

function ownerIsGone(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    // Zero and an empty file: its owner is about to write its id.
    if (!(pid > 0) || pid === process.pid) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === "ESRCH";
  }
}
