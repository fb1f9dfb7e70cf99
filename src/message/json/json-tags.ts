/**
 * What JSON has no form for stands in an object whose only key is one of these; what merely looks like such an object
 * gets one more `$` in front.
 */
export type Tag = "$bigint" | "$bytes" | "$float" | "$array";

const TAG = /^\$+(?:bigint|bytes|float|array)$/;

/** Gives the only key of an object if it is a tag or an escaped tag. */
export function tagOf(keys: readonly string[]): string | undefined {
  const [key] = keys;
  return keys.length === 1 && key !== undefined && key.charCodeAt(0) === 0x24 && TAG.test(key) ? key : undefined;
}

/** Tells whether a tag is the escaped form of a key that is no tag. */
export function isEscaped(tag: string): boolean {
  return tag.charCodeAt(1) === 0x24;
}
