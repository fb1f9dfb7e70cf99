/** Is one entry of a stream. */
export interface Entry {
  readonly id: string;
  /** Names and values in turn; undefined where the entry was trimmed or deleted. */
  readonly fields: readonly Buffer[] | undefined;
}

/** Reads the entries of an answer to XRANGE, XCLAIM and their like. */
export function entriesOf(answer: unknown): Entry[] {
  if (!Array.isArray(answer)) return [];
  // XAUTOCLAIM of older servers gives nothing in the place of a deleted entry.
  return answer.filter(Array.isArray).map(([id, fields]) => ({
    id: String(id),
    fields: Array.isArray(fields) ? (fields as Buffer[]) : undefined,
  }));
}

/** Reads the entries of an answer to XREAD and XREADGROUP for one stream. */
export function entriesRead(answer: unknown): Entry[] {
  const [first] = Array.isArray(answer) ? answer : [];
  return Array.isArray(first) ? entriesOf(first[1]) : [];
}

/** Gives the values of an entry, which are the frames of its message. */
export function framesOf(fields: readonly Buffer[], names: ReadonlySet<string> | undefined): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 1; at < fields.length; at += 2) {
    if (names === undefined || names.has(String(fields[at - 1]))) frames.push(fields[at] as Buffer);
  }
  return frames;
}

/** Gives the names and values of an answer in pairs, as XINFO gives them. */
export function pairs(answer: unknown): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  if (!Array.isArray(answer)) return found;
  for (let at = 0; at + 1 < answer.length; at += 2) found.set(String(answer[at]), answer[at + 1]);
  return found;
}
