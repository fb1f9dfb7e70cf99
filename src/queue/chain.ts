/** Can stand in one chain at a time. It is no class: a constructor that calls another one takes much longer. */
export interface Link<L extends Link<L>> {
  before: L | undefined;
  after: L | undefined;
}

/** Keeps links in order of arrival and gives up any of them in constant time. */
export class Chain<L extends Link<L>> {
  #first: L | undefined = undefined;
  #last: L | undefined = undefined;
  #size = 0;

  get first(): L | undefined {
    return this.#first;
  }

  get last(): L | undefined {
    return this.#last;
  }

  get size(): number {
    return this.#size;
  }

  push(link: L): void {
    const last = this.#last;
    link.before = last;
    if (last === undefined) this.#first = link;
    else last.after = link;
    this.#last = link;
    this.#size += 1;
  }

  /** Takes out a link, which must stand in this chain. */
  remove(link: L): void {
    const { before, after } = link;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // A link that is old and dead must not keep younger ones from the garbage collector.
    link.before = undefined;
    link.after = undefined;
    this.#size -= 1;
  }
}
