const EACH = 5;
const ALL = 100;

/** Passes on what went wrong with connections, and keeps a peer that does wrong all the time from filling a log. */
export class Troubles {
  readonly #tell: (reason: string) => void;
  readonly #told = new Map<string, number>();
  #count = 0;

  constructor(tell: (reason: string) => void) {
    this.#tell = tell;
  }

  /** Tells a reason, unless its like was told often enough; numbers do not make it another one. */
  tell(reason: string): void {
    const kind = reason.replaceAll(/\d[\da-fx.:]*/g, "#");
    const before = this.#told.get(kind) ?? 0;
    if (before === EACH || this.#count === ALL) return;
    this.#told.set(kind, before + 1);
    this.#count += 1;
    this.#tell(this.#count === ALL ? `${reason}; what else goes wrong with connections is not told` : reason);
  }
}
