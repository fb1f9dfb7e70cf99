const SMALLEST = 64;

interface Waiting {
  sequence: number;
  readonly promise: Promise<void>;
  readonly resolve: (commit: Promise<void>) => void;
}

/**
 * Finds the prefix of what was tracked that is finished, and commits it. Numbers in order of tracking, from 0, name
 * what is tracked. Takes nine bytes for each number between the oldest unfinished and the newest one.
 */
export class FinishedPrefix {
  readonly #commit: (sequence: number) => void | Promise<void>;
  /** Everything below is finished. */
  #first = 0;
  #next = 0;
  /** The lowest that was nacked: the prefix never comes to it, so that nothing from here on is kept. */
  #end = Number.POSITIVE_INFINITY;
  /** Two rings; a number's place is its lowest bits. */
  #sequences = new Float64Array(SMALLEST);
  #acked = new Uint8Array(SMALLEST);
  #committing = false;
  #waiting: Waiting | undefined;

  constructor(commit: (sequence: number) => void | Promise<void>) {
    this.#commit = commit;
  }

  /** True when the prefix has come to its end: to the newest, or to what was nacked. */
  get settled(): boolean {
    return this.#first >= Math.min(this.#next, this.#end);
  }

  /** True when something was nacked. */
  get ended(): boolean {
    return this.#end !== Number.POSITIVE_INFINITY;
  }

  /** Takes in a sequence and gives its number. */
  track(sequence: number): number {
    const number = this.#next;
    if (number < this.#end) {
      if (number - this.#first === this.#acked.length) this.#resize(this.#acked.length * 2);
      this.#sequences[number & (this.#acked.length - 1)] = sequence;
    }
    this.#next += 1;
    return number;
  }

  /** Finishes some numbers in a row; those that were settled before stay as they are. */
  ack(from: number, to: number): void | Promise<void> {
    const acked = this.#acked;
    const mask = acked.length - 1;
    const last = Math.min(to, this.#end - 1);
    for (let number = Math.max(from, this.#first); number <= last; number++) acked[number & mask] = 1;
    return this.#advance();
  }

  /** Stops the prefix before the first of these numbers that is not settled. */
  nack(from: number, to: number): void {
    const last = Math.min(to, this.#end - 1);
    for (let number = Math.max(from, this.#first); number <= last; number++) {
      if (this.#acked[number & (this.#acked.length - 1)] === 1) continue;
      this.#end = number;
      this.#shrink();
      return;
    }
  }

  #advance(): void | Promise<void> {
    const acked = this.#acked;
    const mask = acked.length - 1;
    const end = Math.min(this.#next, this.#end);
    const before = this.#first;
    let first = before;
    while (first < end && acked[first & mask] === 1) {
      acked[first & mask] = 0;
      first += 1;
    }
    if (first === before) return;
    const sequence = this.#sequences[(first - 1) & mask] ?? 0;
    this.#first = first;
    this.#shrink();
    return this.#commitNewest(sequence);
  }

  /** One commit at a time; while it runs only the newest sequence is remembered. */
  #commitNewest(sequence: number): void | Promise<void> {
    if (!this.#committing) return this.#start(sequence);
    if (this.#waiting === undefined) {
      let resolve: (commit: Promise<void>) => void = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#waiting = { sequence, promise, resolve };
    }
    this.#waiting.sequence = sequence;
    return this.#waiting.promise;
  }

  #start(sequence: number): void | Promise<void> {
    this.#committing = true;
    let commit: void | Promise<void>;
    try {
      commit = this.#commit(sequence);
    } catch (error) {
      this.#ended();
      throw error;
    }
    if (commit !== undefined) return Promise.resolve(commit).finally(() => this.#ended());
    this.#ended();
  }

  #ended(): void {
    this.#committing = false;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    waiting.resolve((async () => this.#start(waiting.sequence))());
  }

  #shrink(): void {
    const kept = Math.min(this.#next, this.#end) - this.#first;
    let length = this.#acked.length;
    while (length > SMALLEST && kept <= length / 8) length /= 2;
    // Between growing and shrinking lie most of the ring's places, so that moving them costs little for each.
    if (length < this.#acked.length) this.#resize(length);
  }

  #resize(length: number): void {
    const sequences = new Float64Array(length);
    const acked = new Uint8Array(length);
    const end = Math.min(this.#next, this.#end);
    for (let number = this.#first; number < end; number++) {
      const from = number & (this.#acked.length - 1);
      sequences[number & (length - 1)] = this.#sequences[from] ?? 0;
      acked[number & (length - 1)] = this.#acked[from] ?? 0;
    }
    this.#sequences = sequences;
    this.#acked = acked;
  }
}
