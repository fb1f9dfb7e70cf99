import { ConnectionError } from "../../errors.ts";
import type { Link } from "./link.ts";

/** The most ids in one command. */
const MAX_IDS = 1_000;

/**
 * Knows what a consumer has in work, over all its connections, and tells the group what is finished: what was settled
 * while there was no connection is told over the next one.
 */
export class GroupMemory {
  readonly #stream: string;
  readonly #group: string;
  /** True: finished, and the group does not know yet. */
  readonly #inWork = new Map<string, boolean>();
  #finished: string[] = [];
  #isTelling = false;
  #link: Link | undefined;
  #changed: () => void = () => undefined;

  constructor(stream: string, group: string) {
    this.#stream = stream;
    this.#group = group;
  }

  /** Uses another connection from now on; `changed` is told when there is less in work. */
  use(link: Link, changed: () => void): void {
    this.#link = link;
    this.#changed = changed;
    if (this.#finished.length > 0 && !this.#isTelling) this.#tell().catch(() => undefined);
  }

  /** How many entries are in work, or finished and not told yet. */
  get size(): number {
    return this.#inWork.size;
  }

  /** True when an entry is in work here, or finished and not told yet. */
  has(id: string): boolean {
    return this.#inWork.has(id);
  }

  /** What is in work and not finished. */
  get unfinished(): readonly string[] {
    const ids: string[] = [];
    for (const [id, isFinished] of this.#inWork) if (!isFinished) ids.push(id);
    return ids;
  }

  /** Takes an entry in work. */
  add(id: string): void {
    this.#inWork.set(id, false);
  }

  /** Gives an entry back: somebody else, or we later, may have it. False where it was settled before. */
  drop(id: string): boolean {
    if (this.#inWork.get(id) !== false) return false;
    this.#inWork.delete(id);
    this.#changed();
    return true;
  }

  /** Takes an entry as finished; those of one turn are told together, and the first of them gets the promise. */
  finish(id: string): Promise<void> | undefined {
    if (this.#inWork.get(id) !== false) return undefined;
    this.#inWork.set(id, true);
    this.#finished.push(id);
    return this.#isTelling ? undefined : this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    // What finishes in this turn goes along.
    await new Promise((resolve) => setImmediate(resolve));
    this.#isTelling = false;
    const link = this.#link;
    const ids = this.#finished;
    this.#finished = [];
    try {
      if (link === undefined || link.isClosed) {
        throw new ConnectionError(`RedisStreamListener: no connection to acknowledge ${ids.length} entries over`);
      }
      const commands = [];
      for (let at = 0; at < ids.length; at += MAX_IDS) {
        commands.push(["XACK", this.#stream, this.#group, ...ids.slice(at, at + MAX_IDS)] as const);
      }
      await link.callAll(commands);
      for (const id of ids) this.#inWork.delete(id);
      this.#changed();
    } catch (error) {
      this.#finished = [...ids, ...this.#finished];
      throw error;
    }
  }
}
