/** Longer keys are kept in another way. */
const MAX_BYTES = 200;
const LONE_SURROGATE = /\p{Surrogate}/u;
const NO_TEXT = /[\p{Surrogate}\0]/u;

/** Tells whether a text comes back as it was: UTF-8 has no form for half a pair, and many readers end it at NUL. */
export function isPlainText(text: string): boolean {
  return !NO_TEXT.test(text);
}

/** Gives the name under which a key of metadata stands in a group; undefined for a key that can have none. */
export function nameOfKey(key: string): string | undefined {
  if (LONE_SURROGATE.test(key)) return undefined;
  const name = key.replaceAll(
    /[%/\0]/gu,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  // In a path a dot is the group itself, and nothing is no name.
  const whole = name === "" ? "%" : name.replace(/^\.+$/u, (dots) => "%2E".repeat(dots.length));
  return Buffer.byteLength(whole) > MAX_BYTES ? undefined : whole;
}
