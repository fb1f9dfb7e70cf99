// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Makes a text from outside harmless for a terminal: no escape sequences, no change of direction, one line. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (letter) =>
    letter === "\n" ? "⏎" : `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences that our own drawing uses
const STYLE = /\u001b\[[0-9;]*m/y;

/** Counts the columns that a line takes, styles left out; letters that are two columns wide count twice. */
export function width(line: string): number {
  let columns = 0;
  for (let at = 0; at < line.length; ) {
    const skipped = styleAt(line, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const code = line.codePointAt(at) as number;
    columns += wide(code);
    at += code > 0xffff ? 2 : 1;
  }
  return columns;
}

/** Cuts a line to a number of columns and fills it up to them; styles are kept. */
export function fitted(line: string, columns: number): string {
  let out = "";
  let taken = 0;
  let isCut = false;
  for (let at = 0; at < line.length; ) {
    const skipped = styleAt(line, at);
    if (skipped > 0) {
      out += line.slice(at, at + skipped);
      at += skipped;
      continue;
    }
    const code = line.codePointAt(at) as number;
    const letters = code > 0xffff ? 2 : 1;
    if (!isCut && taken + wide(code) <= columns) {
      out += line.slice(at, at + letters);
      taken += wide(code);
    } else isCut = true;
    at += letters;
  }
  return out + " ".repeat(columns - taken);
}

function styleAt(line: string, at: number): number {
  if (line.charCodeAt(at) !== 0x1b) return 0;
  STYLE.lastIndex = at;
  return STYLE.exec(line)?.[0].length ?? 0;
}

function wide(code: number): number {
  if (code < 0x300) return 1;
  if (code <= 0x36f || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return isWide ? 2 : 1;
}
