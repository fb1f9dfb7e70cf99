import { pathToFileURL } from "node:url";
import { ArroyoError, text } from "../errors.ts";
import { Listener } from "../listener/listener.ts";
import type { Codec } from "../message/codec.ts";
import { Operator } from "../operator/operator.ts";
import { insteadOf } from "../options/nearest.ts";
import { Publisher } from "../publisher/publisher.ts";
import type { Role } from "./component-shape.ts";
import { findModule } from "./find-module.ts";
import { loadCode } from "./load-code.ts";
import type { Used } from "./use.ts";

/** Says what is wrong with code that a configuration names, in words for the configuration's author. */
export class CodeFault extends Error {}

const BASES = { listener: Listener, publisher: Publisher, operator: Operator } as const;

/** Loads what a `use:` names and makes one of it, by its class or factory. */
export async function makePart(
  role: Role,
  used: Used,
  options: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<unknown> {
  const made = await make(used, await exportOf(used, folder), options);
  if (made instanceof BASES[role] || (role === "operator" && typeof made === "function")) return made;
  throw new CodeFault(notPart(role, used, made));
}

/** Loads what a `use:` names as a codec: an object with reader and writer, or what makes one. */
export async function makeCodec(used: Used, folder: string): Promise<Codec> {
  const value = await exportOf(used, folder);
  const made = typeof value === "function" ? await make(used, value, used.options ?? {}) : value;
  const { reader, writer } = (made ?? {}) as Partial<Codec>;
  if (typeof reader !== "function" || typeof writer !== "function") {
    throw new CodeFault(`${used.written} is no codec; give back an object with name, reader and writer`);
  }
  if (made === value && used.options !== undefined) {
    throw new CodeFault(
      `${used.written} is a codec and takes no options; leave them out, or export a function of them`,
    );
  }
  return made as Codec;
}

/** Loads what a `use:` names as a function. */
export async function loadFunction(used: Used, folder: string): Promise<unknown> {
  const value = await exportOf(used, folder);
  if (typeof value === "function") return value;
  throw new CodeFault(`${used.written} is ${kindOf(value)}; export a function`);
}

/** Gives the address of the file of a `use:`, as threads load it. */
export function addressOf(used: Used, folder: string): URL {
  return pathToFileURL(foundFile(used, folder));
}

function foundFile({ use }: Used, folder: string): string {
  if (use.kind === "built-in") throw new CodeFault(`"${use.name}" is no file`);
  // Looked up once more: what was there when the configuration was read may be a link by now.
  const found = findModule(use, folder);
  if ("wrong" in found) throw new CodeFault(found.wrong);
  return found.file;
}

async function exportOf(used: Used, folder: string): Promise<unknown> {
  const file = foundFile(used, folder);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await loadCode(file);
  } catch (error) {
    if (error instanceof ArroyoError) throw error;
    throw new CodeFault(`${used.written} cannot be loaded: ${oneLine(error)}; put it right there, and try again`);
  }
  return chosen(used, module);
}

function chosen({ use, written }: Used, module: Readonly<Record<string, unknown>>): unknown {
  const names = Object.keys(module).filter((name) => name !== "default" && name !== "module.exports");
  const wanted = use.kind === "built-in" ? undefined : use.export;
  if (wanted !== undefined) {
    if (Object.hasOwn(module, wanted)) return module[wanted];
    const whole = module["default"];
    if (typeof whole === "object" && whole !== null && Object.hasOwn(whole, wanted)) {
      return (whole as Readonly<Record<string, unknown>>)[wanted];
    }
    const remedy = names.length === 0 ? "it exports nothing by name" : insteadOf(wanted, names);
    throw new CodeFault(`${written}: there is no export "${wanted}"; ${remedy}`);
  }
  const [only] = names;
  if (module["default"] !== undefined) return module["default"];
  if (only !== undefined && names.length === 1) return module[only];
  const which = names.length === 0 ? "it exports nothing; export a class or function" : `it has ${names.join(", ")}`;
  throw new CodeFault(`${written}: say which export is meant, as in ${written}#Name; ${which}`);
}

async function make(used: Used, value: unknown, options: Readonly<Record<string, unknown>>): Promise<unknown> {
  if (typeof value !== "function") {
    throw new CodeFault(`${used.written} is ${kindOf(value)}; export a class, or a function that makes one`);
  }
  try {
    if (isClass(value)) return new (value as new (options: unknown) => unknown)(options);
    return await (value as (options: unknown) => unknown)(options);
  } catch (error) {
    if (error instanceof ArroyoError) throw error;
    throw new CodeFault(`${used.written} cannot be made: ${oneLine(error)}; see its options, or the file`);
  }
}

function isClass(value: object): boolean {
  return (
    /^class\b/.test(Function.prototype.toString.call(value)) || Object.values(BASES).some((base) => isOf(value, base))
  );
}

function isOf(value: object, base: abstract new () => unknown): boolean {
  return (value as { prototype?: unknown }).prototype instanceof base;
}

function notPart(role: Role, used: Used, made: unknown): string {
  const kind = role === "operator" ? "an operator" : `a ${role}`;
  const base = BASES[role].name;
  if (namesOfClasses(made).includes(base)) {
    return (
      `${used.written} is ${kind} of another copy of arroyojs than the one that runs; ` +
      "start the one that is installed beside it: npx arroyojs"
    );
  }
  const other = Object.entries(BASES).find(([, one]) => made instanceof one)?.[0];
  const what = other === undefined ? kindOf(made) : other === "operator" ? "an operator" : `a ${other}`;
  const or = role === "operator" ? " or a function of a message" : "";
  return `${used.written} gives ${what}, where ${kind} is expected; give back an instance of ${base}${or}`;
}

function namesOfClasses(made: unknown): readonly string[] {
  const names: string[] = [];
  for (let one: unknown = made; typeof one === "object" && one !== null && names.length < 20; ) {
    one = Object.getPrototypeOf(one);
    const { constructor: type } = (one ?? {}) as { constructor?: { name?: unknown } };
    names.push(String(type?.name));
  }
  return names;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return isClass(value) ? "a class" : "a function";
  return typeof value === "object"
    ? `an object (${value.constructor?.name ?? "without a class"})`
    : `a ${typeof value}`;
}

function oneLine(error: unknown): string {
  return text(error).split("\n")[0]?.trim() || "it threw without a message";
}
