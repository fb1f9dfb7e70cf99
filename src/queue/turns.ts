/** Lets members take turns, past those that are not ready. */
export class Turns<M> {
  readonly #members: M[] = [];
  readonly #ready: (member: M) => boolean;
  /** The index after the one who had the last turn. */
  #next = 0;

  constructor(ready: (member: M) => boolean) {
    this.#ready = ready;
  }

  add(member: M): void {
    this.#members.push(member);
  }

  remove(member: M): void {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    if (index < this.#next) this.#next -= 1;
  }

  /** Gives the member whose turn it is. */
  current(): M | undefined {
    return this.#members[this.#index()];
  }

  /** Gives the member whose turn it is, and ends its turn. */
  take(): M | undefined {
    const index = this.#index();
    this.#next = index + 1;
    return this.#members[index];
  }

  #index(): number {
    const members = this.#members;
    let index = this.#next;
    for (let tried = 0; tried < members.length; tried++) {
      if (index >= members.length) index = 0;
      const member = members[index];
      if (member !== undefined && this.#ready(member)) return index;
      index += 1;
    }
    return -1;
  }
}
