import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { nearest } from "../options/nearest.ts";
import { BLOCK } from "./block-shape.ts";
import { type ComponentDescription, ROLES } from "./component-shape.ts";
import type { BlockDescription, Configuration } from "./configuration.ts";
import { findModule } from "./find-module.ts";
import { readFields } from "./map-shape.ts";
import { readYaml } from "./read-yaml.ts";
import type { Commons } from "./registry.ts";
import { realPath } from "./secret-file.ts";
import { Secrets } from "./secrets.ts";
import type { Complain } from "./shape.ts";
import { SourceFile } from "./source-file.ts";
import { CodecUse, FunctionUse, type Used } from "./use.ts";
import { nameOf, type Value } from "./value.ts";

/** Says from where a configuration draws. */
export interface DescribeOptions {
  /** The variables of `${NAME}`; default those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** From where paths are seen, and shown; default the folder in which the process runs. */
  readonly cwd?: string;
  /** Folders of which `!file` may read beside the configuration's; default `/run/secrets`. */
  readonly secretsFolders?: readonly string[];
  /** Tells instances of one configuration apart: the value of `${ARROYO_INSTANCE}`. */
  readonly instance?: string;
}

/** The names of a configuration that is asked for by its folder. */
const NAMES = ["arroyo.yaml", "arroyo.yml"];
const MOST_BYTES = 1024 * 1024;
const SECRETS_FOLDERS = ["/run/secrets"];

/**
 * Reads and checks a configuration: a file, or a folder with an `arroyo.yaml`. Nothing that it names is run. Rejects
 * with a `ConfigurationError` that lists everything that is wrong.
 */
export async function describe(path: string, options: DescribeOptions = {}): Promise<Configuration> {
  const { env = process.env, cwd = process.cwd(), secretsFolders = SECRETS_FOLDERS, instance } = options;
  const full = fileOf(resolve(cwd, path), path);
  const source = new SourceFile(full, textOf(full, path), cwd);
  // Not the folder of what a link leads to: mounted folders are full of links.
  const folder = realPath(dirname(full)) as string;
  const secrets = new Secrets();
  const variables = (name: string): string | undefined =>
    name === "ARROYO_INSTANCE" && instance !== undefined ? instance : env[name];
  const complain: Complain = (stretch, message) => source.complain(stretch, secrets.redactAll(message));
  const folders = secretsFolders.map((one) => resolve(cwd, one));
  const value = readYaml(source, { variables, folder, secretsFolders: folders, secrets });
  // What cannot be read has one cause; complaints about what is missing then would only hide it.
  if (value === undefined && !source.isWrong) source.complain([0, 1], `${EMPTY}; ${EXAMPLE}`);
  const blocks = value === undefined ? [] : blocksOf(value, complain);
  checkNames(blocks, source);
  checkParts(blocks, folder, complain);
  source.throwIfWrong();
  return { path: full, folder, blocks, secrets, source };
}

const EMPTY = "the file says nothing";
const EXAMPLE = "begin with blocks: and a list of blocks, each with a name and listeners";

function fileOf(full: string, path: string): string {
  const about = statSync(full, { throwIfNoEntry: false });
  if (about === undefined) throw wholeFile(path, "there is no such file; write the path of a configuration");
  if (!about.isDirectory()) return full;
  const found = NAMES.map((name) => join(full, name)).find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  throw wholeFile(
    path,
    `there is no ${NAMES.join(" or ")} in this folder; make one, or write the path of a configuration`,
  );
}

function textOf(full: string, path: string): string {
  const { size } = statSync(full);
  if (size > MOST_BYTES) throw wholeFile(path, `has ${size} bytes, more than ${MOST_BYTES}; is it a configuration?`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(readFileSync(full));
  } catch (error) {
    if (error instanceof TypeError) throw wholeFile(path, "is no text in UTF-8; save it as UTF-8");
    throw wholeFile(path, `cannot be read (${(error as NodeJS.ErrnoException).code}); change who may read it`);
  }
}

function wholeFile(file: string, message: string): ConfigurationError {
  return new ConfigurationError([{ file, line: undefined, column: undefined, message, excerpt: "" }]);
}

function blocksOf(value: Value, complain: Complain): readonly BlockDescription[] {
  if (value.kind === "list" || value.kind === "scalar") {
    complain(value.at, `expected a map, got ${nameOf(value)}; ${EXAMPLE}`);
    return [];
  }
  for (const [name, { key }] of value.entries) {
    if (name === "blocks" || name.startsWith("x-")) continue;
    const isOfBlock = nearest(name, ["blocks"]) === undefined && Object.hasOwn(BLOCK, name);
    const remedy = isOfBlock
      ? "it belongs to a block: write blocks: before it, and - name:"
      : `did you mean "blocks"? What is yours begins with x-`;
    complain(key, `there is no "${name}" here; ${remedy}`);
  }
  const entry = value.entries.get("blocks");
  if (entry === undefined) {
    complain(value.at, `"blocks" is missing; ${EXAMPLE}`);
    return [];
  }
  const blocks = entry.value;
  if (blocks.kind !== "list") {
    complain(entry.value.at, `blocks: expected a list, got ${nameOf(blocks)}; write "- name: NAME" with a dash`);
    return [];
  }
  if (blocks.items.length === 0) complain(entry.key, `blocks: there is none; ${EXAMPLE}`);
  return blocks.items.flatMap((item, index) => blockOf(item, `blocks[${index}]`, complain));
}

function blockOf(value: Value, path: string, complain: Complain): BlockDescription[] {
  if (value.kind !== "map") {
    complain(value.at, `${path}: expected a map, got ${nameOf(value)}; write name: NAME and listeners: below it`);
    return [];
  }
  const read = readFields(value, BLOCK, path, complain);
  const { name, description, listeners = [], operator = [], publishers = [], ...settings } = read;
  const list = value.entries.get("listeners")?.value;
  if (list?.kind === "list" && list.items.length === 0) {
    complain(list.at, `${path}.listeners: there is none, so that nothing comes in; write at least one`);
  }
  const there = (parts: unknown): readonly ComponentDescription[] =>
    (parts as (ComponentDescription | undefined)[]).filter((part) => part !== undefined);
  return [
    {
      name: typeof name === "string" ? name : "",
      description: description as string | undefined,
      listeners: there(listeners),
      operators: there(operator),
      publishers: there(publishers),
      settings,
      at: new Map([
        ["", value.at] as const,
        ...[...value.entries].map(([key, entry]) => [key, entry.value.at] as const),
      ]),
    },
  ];
}

function checkNames(blocks: readonly BlockDescription[], source: SourceFile): void {
  const first = new Map<string, number>();
  for (const { name, at } of blocks) {
    const place = at.get("name");
    if (place === undefined || name === "") continue;
    const { line } = source.lines.linePos(place[0]);
    const before = first.get(name);
    if (before === undefined) first.set(name, line);
    else source.complain(place, `another block is named "${name}" in line ${before}; give each a name of its own`);
  }
}

/** Checks that the code exists which is to be loaded, and that parts agree with each other. */
function checkParts(blocks: readonly BlockDescription[], folder: string, complain: Complain): void {
  const commons: Commons = new Map();
  for (const part of partsOf(blocks)) {
    const { used, role } = part;
    for (const one of [used, ...inside(used.options)]) {
      if (one.use.kind === "built-in") continue;
      const found = findModule(one.use, folder);
      if ("wrong" in found) complain(one.at, `${one.path}: ${found.wrong}`);
    }
    if (used.use.kind !== "built-in") continue;
    const wrong = ROLES[role].builtIns[used.use.name]?.agree?.(used.options ?? {}, commons);
    if (wrong !== undefined) complain(used.at, `${used.path}: ${wrong}`);
  }
}

/** Gives all listeners, operators and publishers of some blocks. */
export function partsOf(blocks: readonly BlockDescription[]): readonly ComponentDescription[] {
  return blocks.flatMap(({ listeners, operators, publishers }) => [...listeners, ...operators, ...publishers]);
}

/** Gives what is named inside of options: codecs and functions. */
function inside(value: unknown): readonly Used[] {
  if (value instanceof CodecUse || value instanceof FunctionUse) return [value.used];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(inside) : [];
}
