import { isBuiltin } from "node:module";
import type { Stretch } from "./source-file.ts";

/** Says which code is meant by a `use:`. */
export type Use =
  | { readonly kind: "built-in"; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly export: string | undefined }
  | { readonly kind: "package"; readonly specifier: string; readonly export: string | undefined };

/** Is a `use:` with its place and its options. */
export interface Used {
  readonly use: Use;
  /** What stands in the file. */
  readonly written: string;
  /** Names the place in messages: `blocks[0].operator`. */
  readonly path: string;
  readonly at: Stretch;
  readonly options: Readonly<Record<string, unknown>> | undefined;
  /** Where each option stands. */
  readonly optionsAt: ReadonlyMap<string, Stretch>;
}

/** Is an option whose value is a codec. */
export class CodecUse {
  readonly used: Used;

  constructor(used: Used) {
    this.used = used;
  }
}

/** Is an option whose value is an exported function. */
export class FunctionUse {
  readonly used: Used;

  constructor(used: Used) {
    this.used = used;
  }
}

const ONLY =
  "only files below the configuration's folder (./file.ts#Name) and installed packages (package#Name) are loaded";
const BUILT_IN = /^[a-z][a-z0-9.-]*$/;
const EXPORT = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/;
const EXTENSION = /\.(?:[cm]?js|[cm]?ts)$/;

/** Reads the text of a `use:` without looking at the disk. */
export function parseUse(text: string): Use | { readonly wrong: string } {
  const hash = text.indexOf("#");
  const place = hash === -1 ? text : text.slice(0, hash);
  const name = hash === -1 ? undefined : text.slice(hash + 1);
  if (hash === -1 && BUILT_IN.test(text) && !EXTENSION.test(text)) return { kind: "built-in", name: text };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: such characters are what is looked for
  if (/[\u0000-\u001f\\%?*]/.test(text)) return { wrong: `"${shown(text)}" has a character that is refused; ${ONLY}` };
  if (/^[a-z][a-z0-9+.-]*:/i.test(place))
    return { wrong: `"${shown(place)}" is an address or a part of Node.js; ${ONLY}` };
  if (place.startsWith("/") || place.startsWith("~")) return { wrong: `"${place}" is an absolute path; ${ONLY}` };
  if (name !== undefined && !EXPORT.test(name)) {
    return {
      wrong: `"${shown(name)}" is no name of an export; write what the file exports behind #, as in ./file.ts#Name`,
    };
  }
  if (place.startsWith("./") || place.startsWith("../")) {
    if (EXTENSION.test(place)) return { kind: "file", path: place, export: name };
    return { wrong: `"${place}" is no file of code; write one that ends in .ts, .mts, .js, .mjs or .cjs` };
  }
  if (isBuiltin(place)) return { wrong: `"${place}" is a part of Node.js; ${ONLY}` };
  if (EXTENSION.test(place) && !place.startsWith("@")) {
    return { wrong: `"${place}" is a file here, or a package? for a file write "./${text}"` };
  }
  if (PACKAGE.test(place)) return { kind: "package", specifier: place, export: name };
  return { wrong: `"${shown(text)}" names nothing that can be loaded; ${ONLY}` };
}

function shown(text: string): string {
  const printable = JSON.stringify(text).slice(1, -1);
  return printable.length > 60 ? `${printable.slice(0, 57)}...` : printable;
}
