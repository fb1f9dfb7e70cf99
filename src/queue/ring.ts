const LEAST = 16;

/** Keeps what comes in order of arrival, and gives it out in that order. */
export class Ring<T> {
  /** A power of two of places. */
  #places: (T | undefined)[] = new Array<T | undefined>(LEAST).fill(undefined);
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#places.length) this.#grow();
    this.#places[(this.#first + this.#size) & (this.#places.length - 1)] = item;
    this.#size += 1;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#places[this.#first];
    this.#places[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#places.length - 1);
    this.#size -= 1;
    return item;
  }

  #grow(): void {
    const places = this.#places;
    this.#places = [...places.slice(this.#first), ...places.slice(0, this.#first)];
    for (let more = places.length; more > 0; more -= 1) this.#places.push(undefined);
    this.#first = 0;
  }
}
