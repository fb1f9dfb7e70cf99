import { UsageError } from "../../errors.ts";

/** Remembers how far a group of readers has finished a log. */
export class ReaderGroup {
  readonly name: string;
  readonly #first: () => number;
  /** The position after the last of the finished prefix; undefined until somebody read. */
  #committed: number | undefined;
  /** Events that were trimmed from there on. */
  #trimmed = 0;
  /** Counts how often the group was set to another position. */
  #sets = 0;
  #reading = false;
  #follows: (topic: string) => boolean = () => true;

  /** `first` gives the oldest position that the log keeps. */
  constructor(name: string, first: () => number) {
    this.name = name;
    this.#first = first;
  }

  get committed(): number | undefined {
    return this.#committed;
  }

  /** True while somebody reads for the group. */
  get reading(): boolean {
    return this.#reading;
  }

  /** Lets one reader begin; `follows` says which topics it wants. */
  begin(follows: (topic: string) => boolean): void {
    if (this.#reading) {
      throw new UsageError(
        `memory channel: the group "${this.name}" has a reader already; stop that one first, or use another group`,
      );
    }
    this.#reading = true;
    this.#follows = follows;
  }

  /** Lets the next reader begin. */
  leave(): void {
    this.#reading = false;
  }

  /** Sets the group to a position; what was read before is not acknowledged any more. */
  set(position: number): void {
    this.#sets += 1;
    this.#committed = position;
    this.#trimmed = 0;
  }

  /** Gives what takes the finished prefix of a reader, also after that reader has left. */
  committer(): (position: number) => void {
    const sets = this.#sets;
    return (position) => {
      if (sets === this.#sets) this.#commit(position + 1);
    };
  }

  /** Is told that an event is trimmed. */
  trim(position: number, topic: string): void {
    if (this.#committed !== undefined && this.#committed <= position && this.#follows(topic)) this.#trimmed += 1;
  }

  /** Moves on from what is trimmed; gives how many events of the group were. */
  skipTrimmed(): number {
    const lost = this.#trimmed;
    if (this.#committed !== undefined) this.#committed = Math.max(this.#committed, this.#first());
    this.#trimmed = 0;
    return lost;
  }

  #commit(committed: number): void {
    if (committed <= (this.#committed ?? 0)) return;
    this.#committed = committed;
    // What is finished is not missed, also when it was trimmed while it was in work.
    this.#trimmed = Math.min(this.#trimmed, Math.max(0, this.#first() - committed));
  }
}
