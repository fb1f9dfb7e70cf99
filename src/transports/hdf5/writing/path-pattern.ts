import { createHash } from "node:crypto";
import { isAbsolute, join, sep } from "node:path";
import { UsageError } from "../../../errors.ts";
import { insteadOf } from "../../../options/nearest.ts";

/** Is what a path may be made of. */
export interface PathFacts {
  readonly run: string;
  readonly stream: string;
  /** When the run began. */
  readonly timeMs: number;
}

const PLACES = ["run", "stream", "date", "time"];
const MAX_BYTES = 100;
/** Letters and digits of any script, and what no file system or shell minds. */
const DOUBTFUL = /[^\p{L}\p{M}\p{N}._=+-]/gu;

/** Makes paths of a pattern such as `/data/{stream}/{run}.nxs`; what comes with messages never leads out of its part. */
export class PathPattern {
  readonly #pattern: string;

  constructor(subject: string, pattern: string) {
    for (const [whole, name = ""] of pattern.matchAll(/\{([^{}]*)\}/gu)) {
      if (PLACES.includes(name)) continue;
      throw new UsageError(`${subject}: path: there is no place "${whole}"; ${insteadOf(name, PLACES)}`);
    }
    if (/[{}]/u.test(pattern.replaceAll(/\{[^{}]*\}/gu, ""))) {
      throw new UsageError(`${subject}: path: "${pattern}" has a brace without its other half; write {run}`);
    }
    this.#pattern = pattern;
  }

  /** The folder below which all files are, and how many folders deep they may be. */
  get fixed(): { readonly folder: string; readonly depth: number } {
    const parts = this.#pattern.split(/[/\\]/u);
    const first = parts.findIndex((part) => part.includes("{"));
    const count = first < 0 ? parts.length - 1 : Math.min(first, parts.length - 1);
    const folder = parts.slice(0, count).join(sep);
    return {
      folder: folder === "" ? (isAbsolute(this.#pattern) ? sep : ".") : folder,
      depth: parts.length - 1 - count,
    };
  }

  /** Gives the path of a run. */
  of({ run, stream, timeMs }: PathFacts): string {
    const iso = new Date(timeMs).toISOString();
    const values: Readonly<Record<string, string>> = {
      run: safePart(run),
      stream: safePart(stream),
      date: iso.slice(0, 10),
      time: iso.slice(11, 19).replaceAll(":", ""),
    };
    return join(this.#pattern.replaceAll(/\{([^{}]*)\}/gu, (_, name: string) => values[name] ?? ""));
  }
}

/** Gives the path with a number before its ending; none for the first. */
export function numbered(path: string, number: number): string {
  if (number <= 1) return path;
  const name = path.slice(path.lastIndexOf(sep) + 1);
  const dot = name.lastIndexOf(".");
  const at = dot <= 0 ? path.length : path.length - name.length + dot;
  return `${path.slice(0, at)}-${number}${path.slice(at)}`;
}

/** Makes a part of a path of any text: no separator, no way up, no hidden file; different texts stay different. */
function safePart(text: string): string {
  const plain = text.normalize("NFC").replaceAll(DOUBTFUL, "_").replace(/^\.+/u, "_");
  const cut = shortened(plain);
  if (cut === text && cut !== "") return cut;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${cut === "" ? "run" : cut}-${digest}`;
}

function shortened(text: string): string {
  let short = "";
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BYTES) break;
    short += character;
  }
  return short;
}
