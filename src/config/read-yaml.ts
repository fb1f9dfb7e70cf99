import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from "yaml";
import { interpolate, isInterpolated, plainScalar, type Variables } from "./interpolation.ts";
import { readSecret } from "./secret-file.ts";
import type { Secrets } from "./secrets.ts";
import type { SourceFile, Stretch } from "./source-file.ts";
import type { Entry, MapValue, ScalarValue, Value } from "./value.ts";
import { syntaxFault } from "./yaml-faults.ts";

/** Bounds of a configuration, with everything that aliases repeat. */
const MOST_VALUES = 20_000;
const MOST_LEVELS = 40;
const REFUSED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const PLAIN_TAGS: ReadonlySet<string> = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Says what a configuration may draw from. */
export interface Sources {
  readonly variables: Variables;
  readonly folder: string;
  readonly secretsFolders: readonly string[];
  readonly secrets: Secrets;
}

/** Reads YAML into values with places; what is wrong is told to the file. Undefined where nothing can be read. */
export function readYaml(file: SourceFile, sources: Sources): Value | undefined {
  const documents = parseAllDocuments(file.text, {
    prettyErrors: false,
    logLevel: "silent",
    // Every key is looked at here, where the place of the first is known too.
    uniqueKeys: false,
    schema: "core",
    version: "1.2",
    merge: false,
  });
  const [document, second] = documents as Document.Parsed[];
  // Later ones mostly follow from the first.
  const [error] = document?.errors ?? [];
  if (error !== undefined) {
    const { at, message } = syntaxFault(error, file.text);
    file.complain(at, message);
  }
  if (second !== undefined) {
    file.complain(
      [second.range[0], second.range[0] + 3],
      "a second document begins here; put all blocks under one blocks:",
    );
  }
  if (document === undefined || document.contents === null || file.isWrong) return undefined;
  try {
    return new Reading(file, sources).value(document.contents as Node, 0);
  } catch (thrown) {
    if (thrown instanceof TooMuch) return undefined;
    throw thrown;
  }
}

/** Ends the reading of what is too large to go on. */
class TooMuch extends Error {}

class Reading {
  readonly #file: SourceFile;
  readonly #sources: Sources;
  /** In the order of the text: an alias means the last anchor before it. */
  readonly #anchors = new Map<string, Node>();
  #count = 0;

  constructor(file: SourceFile, sources: Sources) {
    this.#file = file;
    this.#sources = sources;
  }

  value(node: Node | null, level: number): Value {
    const at = stretchOf(node);
    this.#count += 1;
    if (this.#count > MOST_VALUES || level > MOST_LEVELS) {
      const [what, most] = level > MOST_LEVELS ? ["levels", MOST_LEVELS] : ["values", MOST_VALUES];
      this.#file.complain(at, `more than ${most} ${what}, counting what aliases repeat; write a smaller configuration`);
      throw new TooMuch();
    }
    if (node === null) return { kind: "scalar", value: null, shown: "", at };
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return { ...this.value(target, level + 1), at };
      this.#file.complain(at, `there is no anchor "&${node.source}" before this; write one, or write the value itself`);
      return { kind: "scalar", value: null, shown: "", at };
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#checkTag(node, at);
    if (isMap(node)) return this.#map(node, level, at);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.value(item as Node | null, level + 1));
      return { kind: "list", items, at };
    }
    return isScalar(node) ? this.#scalar(node, at) : { kind: "scalar", value: null, shown: "", at };
  }

  #checkTag({ tag, range }: Node & { tag?: string }, at: Stretch): void {
    if (tag === undefined || tag === "!file" || PLAIN_TAGS.has(tag)) return;
    const start = this.#file.text.lastIndexOf("!", range?.[0] ?? 0);
    this.#file.complain(
      start === -1 ? at : [start, at[1]],
      `the tag ${tag.replace("tag:yaml.org,2002:", "!!")} is not read; there is only !file PATH, for a value that stands in a file`,
    );
  }

  #map(node: YAMLMap, level: number, at: Stretch): MapValue {
    if (node.tag === "!file") this.#file.complain(at, "!file needs a path, such as !file password.txt");
    const entries = new Map<string, Entry>();
    const merged: MapValue[] = [];
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const stretch = stretchOf(key);
      if (!isScalar(key) || typeof key.value === "object") {
        this.#file.complain(stretch, "a name must be a plain text; write NAME: VALUE");
        continue;
      }
      const name = String(key.value);
      const value = pair.value as Node | null;
      if (name === "<<" && (key.type === undefined || key.type === Scalar.PLAIN)) {
        const from = this.value(value, level + 1);
        merged.push(...this.#mergeable(from));
        continue;
      }
      if (REFUSED.has(name)) this.#file.complain(stretch, `the name "${name}" is refused; take another one`);
      else if (entries.has(name)) this.#twice(name, stretch, entries.get(name) as Entry);
      else {
        const held = this.value(value, level + 1);
        // Where nothing is said, the name is the nearest place.
        entries.set(name, { key: stretch, value: value === null ? { ...held, at: stretch } : held });
      }
    }
    for (const { entries: others } of merged) {
      for (const [name, entry] of others) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: "map", entries, at };
  }

  #mergeable(value: Value): readonly MapValue[] {
    if (value.kind === "map") return [value];
    if (value.kind === "list") return value.items.flatMap((item) => this.#mergeable(item));
    this.#file.complain(value.at, "<< takes in the entries of a map; write <<: *NAME, where &NAME stands before a map");
    return [];
  }

  #twice(name: string, stretch: Stretch, first: Entry): void {
    const { line } = this.#file.lines.linePos(first.key[0]);
    this.#file.complain(stretch, `"${name}" stands here a second time, first in line ${line}; leave one of them out`);
  }

  #scalar(node: Scalar, at: Stretch): ScalarValue {
    const { value } = node;
    const source = node.source ?? String(value);
    if (node.tag === "!file") return this.#fileValue(source, at);
    if (typeof value !== "string")
      return { kind: "scalar", value: value as number | boolean | null, shown: source, at };
    if (!isInterpolated(value)) return { kind: "scalar", value, shown: value, at };
    const result = interpolate(value, this.#sources.variables);
    if ("wrong" in result) {
      this.#file.complain(this.#within(at, value, result.offset), result.wrong);
      return { kind: "scalar", value, shown: value, from: "environment", at };
    }
    for (const [secret, origin] of result.used) this.#sources.secrets.add(secret, origin);
    const from = result.used.length > 0 ? ({ from: "environment" } as const) : {};
    const isPlain = node.type === Scalar.PLAIN;
    if (!isPlain) return { kind: "scalar", value: result.text, shown: value, ...from, at };
    return { kind: "scalar", value: plainScalar(result.text), text: result.text, shown: value, ...from, at };
  }

  #fileValue(path: string, at: Stretch): ScalarValue {
    const shown = `!file ${path}`;
    const nothing: ScalarValue = { kind: "scalar", value: "", shown, from: "file", at };
    const { folder, secretsFolders, secrets } = this.#sources;
    const read = readSecret(path, folder, secretsFolders);
    if ("wrong" in read) {
      this.#file.complain(at, read.wrong);
      return nothing;
    }
    secrets.add(read.text, shown);
    return { ...nothing, value: read.text };
  }

  /** Gives the place of `${` where the text stands in the file as it is. */
  #within(at: Stretch, value: string, offset: number): Stretch {
    const inFile = this.#file.text.slice(...at).indexOf(value);
    if (inFile === -1) return at;
    const start = at[0] + inFile + offset;
    const end = value.indexOf("}", offset);
    return [start, end === -1 ? at[1] : at[0] + inFile + end + 1];
  }
}

function stretchOf(node: Node | null): Stretch {
  const range = node?.range;
  return range === null || range === undefined ? [0, 0] : [range[0], Math.max(range[1], range[0] + 1)];
}
