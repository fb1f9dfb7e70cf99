/** So many positions fit into a commit's metadata, of which brokers take 4 096 bytes. */
const MOST = 200;
const PATTERN = /^arroyo\/1 (\d{1,16}(?:,\d{1,16})*)?$/;

interface Change {
  readonly offset: number;
  readonly run: string;
  readonly opens: boolean;
}

/** Follows which runs are open in a partition: where it is read, and where its commit stands. */
export class OpenRuns {
  /** The Starts of the runs that are open at the last commit asked for. */
  readonly #base = new Map<string, number>();
  /** Those that are open where the partition is read. */
  readonly #head = new Set<string>();
  /** What happened between the two. */
  #changes: Change[] = [];

  /** Takes over a run that is open where the partition begins. */
  goesOn(run: string, offset: number): void {
    this.#base.set(run, offset);
    this.#head.add(run);
  }

  began(run: string, offset: number): void {
    this.#head.add(run);
    this.#changes.push({ offset, run, opens: true });
  }

  ended(run: string, offset: number): void {
    this.#head.delete(run);
    this.#changes.push({ offset, run, opens: false });
  }

  /** Tells whether a run is open where the partition is read. */
  has(run: string): boolean {
    return this.#head.has(run);
  }

  /** Gives the metadata of a commit: the offsets of the Starts of the runs that are open there; positions only rise. */
  metadataAt(position: number): string {
    let passed = 0;
    for (const { offset, run, opens } of this.#changes) {
      if (offset >= position) break;
      passed += 1;
      this.#base.delete(run);
      if (opens) this.#base.set(run, offset);
    }
    if (passed > 0) this.#changes = this.#changes.slice(passed);
    if (this.#base.size === 0) return "";
    return `arroyo/1 ${[...this.#base.values()].slice(-MOST).join(",")}`;
  }
}

/** Reads the offsets of Starts from a commit's metadata, ascending; nothing from what others wrote. */
export function startsIn(metadata: string, before: number): readonly number[] {
  const list = PATTERN.exec(metadata)?.[1];
  if (list === undefined) return [];
  const offsets = list.split(",").map(Number);
  return [...new Set(offsets)]
    .filter((offset) => offset < before)
    .sort((a, b) => a - b)
    .slice(-MOST);
}
