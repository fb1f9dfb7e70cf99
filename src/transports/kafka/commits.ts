import { text } from "../../errors.ts";
import type { Commit } from "./client.ts";
import { isStale } from "./kafka-errors.ts";
import type { PartitionReading } from "./partition-reading.ts";

/** What the commits are told by the reading. */
export interface CommitsOptions {
  readonly everyMs: number;
  readonly commit: (commits: readonly Commit[]) => Promise<void>;
  readonly warn: (message: string) => void;
}

/** Commits the finished prefixes of partitions: together, and from time to time. */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #changed = new Set<PartitionReading>();
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;
  #hasWarned = false;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** Notes that more of a partition is finished; it is committed soon. */
  note(partition: PartitionReading): void {
    this.#changed.add(partition);
    this.#timer ??= setTimeout(() => this.#inTurn(), this.#options.everyMs);
  }

  /** Commits what is finished now; rejects when the brokers do not take it. */
  async flush(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay.catch(() => undefined);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const partitions = [...this.#changed].filter((one) => !one.isGone && one.finishedTo > one.committed);
    this.#changed.clear();
    if (partitions.length === 0) return;
    const commits = partitions.map(({ partition, finishedTo, open }) => {
      return { partition, offset: finishedTo, metadata: open.metadataAt(finishedTo) };
    });
    this.#underWay = this.#options.commit(commits);
    try {
      await this.#underWay;
      commits.forEach(({ offset }, index) => {
        (partitions[index] as PartitionReading).committed = offset;
      });
      this.#hasWarned = false;
    } catch (error) {
      for (const one of partitions) this.#changed.add(one);
      throw error;
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Commits nothing more by itself. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
  }

  #inTurn(): void {
    this.#timer = undefined;
    this.flush().catch((error: unknown) => {
      // A generation that is over is followed by another one, which commits what is still its own.
      if (!isStale(error) && !this.#hasWarned) {
        this.#hasWarned = true;
        this.#options.warn(`a commit failed: ${text(error)}; it is tried again, and messages may come again`);
      }
      const [one] = this.#changed;
      if (one !== undefined) this.note(one);
    });
  }
}
