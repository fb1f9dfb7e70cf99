/** Holds a map whose keys are bytes, apart from plain objects, whose keys are text: `nd` as bytes is not `"nd"`. */
export class BinaryKeyed {
  /** The values by key, in the order of the bytes; the keys are read as text. */
  readonly entries: ReadonlyMap<string, unknown>;

  constructor(entries: ReadonlyMap<string, unknown>) {
    this.entries = entries;
  }
}
