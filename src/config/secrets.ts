/** Prefixes of this length give a value away, also where somebody cut it off to fit a line. */
const TELLING = 8;
/** Shorter values stand in many innocent words: they are covered only where they stand alone. */
const SHORT = 4;
const INNOCENT = /^(?:\d{1,6}|true|false)$/;

/**
 * Knows the values that came from the environment and from files, so that they can be kept out of everything that is
 * printed. In their place stands where they come from: `${NAME}` or `!file path`.
 */
export class Secrets {
  readonly #origins = new Map<string, string>();

  /** Keeps a value out of sight; `origin` may be shown. */
  add(value: string, origin: string): void {
    for (const form of formsOf(value)) if (!this.#origins.has(form)) this.#origins.set(form, origin);
  }

  /**
   * Gives a text in which no value stands, whole or cut off. Ports, sizes and switches from the environment stay: to
   * cover them would spoil every table in which the same number counts something else.
   */
  redact(text: string): string {
    return this.#redacted(text, ([value, origin]) => !INNOCENT.test(value) || origin.startsWith("!file"));
  }

  /** Gives a text in which really nothing stands that came from outside. */
  redactAll(text: string): string {
    return this.#redacted(text, () => true);
  }

  #redacted(text: string, isMeant: (known: readonly [string, string]) => boolean): string {
    let clean = text;
    // The longest first: one value may be a part of another.
    const known = [...this.#origins].filter(isMeant).sort(([one], [other]) => other.length - one.length);
    for (const [value, origin] of known) clean = covered(clean, value, origin);
    return clean;
  }

  /** Never shows anything, whoever looks. */
  toJSON(): string {
    return "Secrets";
  }
}

/** Gives the forms in which a value may stand in a text: plain, inside JSON, inside an address, and line by line. */
function formsOf(value: string): ReadonlySet<string> {
  const trimmed = value.trim();
  const plain = [value, trimmed, ...(trimmed.includes("\n") ? trimmed.split(/\r?\n/).map((line) => line.trim()) : [])];
  const forms = plain.flatMap((one) => [one, JSON.stringify(one).slice(1, -1), encoded(one)]);
  return new Set(forms.filter((form) => form !== ""));
}

function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD"));
}

function covered(text: string, value: string, origin: string): string {
  if (value.length < SHORT) {
    const alone = new RegExp(
      `(?<![\\p{L}\\p{N}_])${value.replace(/[^\p{L}\p{N}_]/gu, "\\$&")}(?![\\p{L}\\p{N}_])`,
      "gu",
    );
    return text.replace(alone, () => origin);
  }
  const start = value.slice(0, TELLING);
  let clean = "";
  let from = 0;
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, from)) {
    let length = start.length;
    while (length < value.length && text[at + length] === value[length]) length += 1;
    const rest = text.slice(at + length, at + length + 3);
    // Another value may begin alike ("https://"): only a cut says that this one was meant.
    const isMeant = length === value.length || rest === "" || rest.startsWith("…") || rest === "...";
    clean += text.slice(from, at) + (isMeant ? origin : text.slice(at, at + length));
    from = at + length;
  }
  return clean + text.slice(from);
}
