import type { SeenFile } from "./folder-look.ts";

/** Says how far this listener is with a file. */
type State = "settling" | "given" | "failed";

interface Followed {
  file: SeenFile;
  /** When it was seen first. */
  readonly firstMs: number;
  /** When it was seen as it is first. */
  sinceMs: number;
  /** When it was complete first. */
  readyMs: number;
  state: State;
}

/** What one look changes. */
export interface Settled {
  /** Files that are complete, oldest first. */
  readonly ready: readonly SeenFile[];
  /** Files that were finished under another name, and are only renamed. */
  readonly renamed: readonly SeenFile[];
  /** How many were wanted, and are gone. */
  readonly gone: number;
  /** How long to wait until another file may be complete; undefined where none is settling. */
  readonly waitMs: number | undefined;
}

/** Decides from one look to the next which files are complete: those that stay the same, and those renamed into place. */
export class Settling {
  readonly #settleMs: number;
  readonly #isMeant: (path: string) => boolean;
  readonly #isFinished: (file: SeenFile) => boolean;
  #followed = new Map<string, Followed>();
  /** All files of the last look, also those that are not meant, by what stays when they are renamed. */
  #before = new Map<string, SeenFile>();

  constructor(settleMs: number, isMeant: (path: string) => boolean, isFinished: (file: SeenFile) => boolean) {
    this.#settleMs = settleMs;
    this.#isMeant = isMeant;
    this.#isFinished = isFinished;
  }

  /** Takes in what a look found. */
  look(found: ReadonlyMap<string, SeenFile>, nowMs: number): Settled {
    const ready: SeenFile[] = [];
    const renamed: SeenFile[] = [];
    const followed = new Map<string, Followed>();
    let waitMs: number | undefined;
    for (const file of found.values()) {
      if (!this.#isMeant(file.path) || this.#isFinished(file)) continue;
      const old = this.#renamedFrom(file, found);
      if (old !== undefined && this.#isMeant(old.path) && this.#isFinished(old)) {
        renamed.push(file);
        continue;
      }
      const known = this.#followed.get(file.path);
      const entry = known !== undefined && !changed(known, file) ? known : fresh(file, nowMs, known?.firstMs);
      if (old !== undefined && entry !== known) entry.sinceMs = Number.NEGATIVE_INFINITY;
      followed.set(file.path, entry);
      if (entry.state !== "settling") continue;
      const left = entry.sinceMs + this.#settleMs - nowMs;
      if (left <= 0) {
        entry.readyMs = Math.min(entry.readyMs, nowMs);
        ready.push(file);
      } else waitMs = Math.min(waitMs ?? left, left);
    }
    const identities = new Map(Array.from(found.values(), (file) => [file.identity, file]));
    let gone = 0;
    for (const [path, { state, file }] of this.#followed) {
      if (state === "settling" && !found.has(path) && !identities.has(file.identity)) gone += 1;
    }
    this.#followed = followed;
    this.#before = identities;
    return { ready: this.#inOrder(ready), renamed, gone, waitMs };
  }

  /**
   * Puts the oldest first, and leaves out for now what an older file is about to precede: a look is no picture of one
   * moment, and may find the later one of two new files alone. A file that keeps growing holds nobody up.
   */
  #inOrder(ready: readonly SeenFile[]): readonly SeenFile[] {
    const complete = new Map(ready.map((file) => [file.path, file]));
    const settling = [...this.#followed.values()].filter(({ state }) => state === "settling");
    settling.sort(({ file: a }, { file: b }) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
    const inOrder: SeenFile[] = [];
    let awaitedMs = Number.POSITIVE_INFINITY;
    for (const { file, firstMs, sinceMs, readyMs } of settling) {
      const now = complete.get(file.path);
      if (now !== undefined) {
        if (awaitedMs > readyMs) inOrder.push(now);
      } else if (sinceMs === firstMs) awaitedMs = Math.min(awaitedMs, firstMs);
    }
    return inOrder;
  }

  /** Notes that a file was handed over. */
  given(file: SeenFile): void {
    this.#set(file, "given");
  }

  /** Notes that a file cannot be read as long as it stays as it is. */
  failed(file: SeenFile): void {
    this.#set(file, "failed");
  }

  /** Notes that a file was changed while it was read. */
  again(file: SeenFile): void {
    this.#followed.delete(file.path);
  }

  #set(file: SeenFile, state: State): void {
    const followed = this.#followed.get(file.path);
    if (followed !== undefined) followed.state = state;
  }

  /** Gives the file of the last look that has another name now. */
  #renamedFrom(file: SeenFile, found: ReadonlyMap<string, SeenFile>): SeenFile | undefined {
    const old = this.#before.get(file.identity);
    if (old === undefined || old.path === file.path || found.has(old.path)) return undefined;
    return old.size === file.size && old.mtimeMs === file.mtimeMs ? old : undefined;
  }
}

function fresh(file: SeenFile, nowMs: number, firstMs = nowMs): Followed {
  return { file, firstMs, sinceMs: nowMs, readyMs: Number.POSITIVE_INFINITY, state: "settling" };
}

function changed({ file, state }: Followed, now: SeenFile): boolean {
  if (file.size !== now.size || file.mtimeMs !== now.mtimeMs || file.identity !== now.identity) return true;
  // Permissions may have been given.
  return state === "failed" && file.ctimeMs !== now.ctimeMs;
}
