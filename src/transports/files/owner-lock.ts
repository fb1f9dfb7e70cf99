import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { UsageError } from "../../errors.ts";
import { codeOf, type Disk } from "./disk.ts";

const MAX_ATTEMPTS = 5;

/** Is what stands in a lock file. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, in ticks of its system; empty where that cannot be known. */
  readonly began: string;
}

/** Locks that this process has: a process that was begun again may have the id of the one before it. */
const OWN = new Set<string>();

/** Keeps others from writing to the same files; that of a process which is gone is taken over. */
export class OwnerLock {
  readonly #disk: Disk;
  readonly #path: string;
  #isHeld = false;

  private constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Takes the lock, or says who has it. */
  static async take(disk: Disk, path: string, subject: string): Promise<OwnerLock> {
    const lock = new OwnerLock(disk, path);
    if (OWN.has(path))
      throw new UsageError(`${subject}: is written already by this process; close the other one first`);
    OWN.add(path);
    try {
      await lock.#take(subject);
    } catch (error) {
      OWN.delete(path);
      throw error;
    }
    lock.#isHeld = true;
    return lock;
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    OWN.delete(this.#path);
    await this.#disk.rm(this.#path, { force: true });
  }

  async #take(subject: string): Promise<void> {
    const own: Owner = { host: hostname(), pid: process.pid, began: beginningOf(process.pid) ?? "" };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await this.#made(JSON.stringify(own))) return;
      const other = await this.#other();
      if (other !== undefined && isAlive(other)) {
        throw new UsageError(
          `${subject}: is written already by process ${other.pid} on ${other.host}; end it, or write elsewhere ` +
            `(if there is no such process, remove ${this.#path})`,
        );
      }
      await this.#disk.rm(this.#path, { force: true });
    }
    throw new UsageError(`${subject}: another process takes it again and again; let only one write`);
  }

  async #made(content: string): Promise<boolean> {
    try {
      const handle = await this.#disk.open(this.#path, "wx");
      try {
        await handle.writeFile(content);
      } catch (error) {
        await this.#disk.rm(this.#path, { force: true }).catch(() => undefined);
        throw error;
      } finally {
        await handle.close();
      }
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Gives the owner; undefined where the file is gone, or says nothing since its writer was killed. */
  async #other(): Promise<Owner | undefined> {
    try {
      const { host, pid, began }: Partial<Owner> = Object(JSON.parse(await this.#disk.readFile(this.#path, "utf8")));
      if (typeof host !== "string" || typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0)
        return undefined;
      return { host, pid, began: typeof began === "string" ? began : "" };
    } catch (error) {
      if (error instanceof SyntaxError || codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }
}

/** Nobody can tell of a process on another machine: it counts as alive. */
function isAlive({ host, pid, began }: Owner): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const now = beginningOf(pid);
  return now === undefined || began === "" || now === began;
}

/** Says when a process began, where the system tells: an id is given again. */
function beginningOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program may hold anything, so fields are counted behind its closing bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
