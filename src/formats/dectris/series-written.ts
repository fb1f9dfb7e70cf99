/** Runs whose numbers are remembered; the oldest is forgotten first. */
const MOST = 64;

/** Gives runs the numbers that the format wants for a series. */
export class SeriesWritten {
  readonly #numbers = new Map<string, number | bigint>();
  #last = 0;

  /** Gives the number of a run: its own where a message has one, or its name where that is one, or the next. */
  of(run: string, own: unknown): number | bigint {
    const number = isNumber(own) ? own : (this.#numbers.get(run) ?? this.#made(run));
    this.#numbers.delete(run);
    this.#numbers.set(run, number);
    if (this.#numbers.size > MOST) this.#numbers.delete(this.#numbers.keys().next().value as string);
    return number;
  }

  #made(run: string): number {
    const number = /^(?:0|[1-9]\d{0,14})$/.test(run) ? Number(run) : this.#last + 1;
    this.#last = Math.max(this.#last, number);
    return number;
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (Number.isSafeInteger(value) && (value as number) >= 0);
}
