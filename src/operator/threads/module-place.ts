import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MissingPackageError, UsageError } from "../../errors.ts";

/** Says where the modules of a thread are. */
export interface ModulePlace {
  readonly module: string;
  readonly entry: string;
  /** The module that lets TypeScript be read; undefined where nothing is needed. */
  readonly loader: string | undefined;
}

const TYPESCRIPT = /\.[cm]?tsx?$/;

/** Finds the module that was named: by a URL, or by a text that is one or an absolute path. */
export function moduleUrl(module: URL | string): URL {
  if (module instanceof URL || (typeof module === "string" && /^[a-z][a-z0-9+.-]+:/i.test(module))) {
    const url = new URL(module);
    if (url.protocol === "file:") return url;
    throw new UsageError(`parallel: the module must be a file, got ${url.protocol}; load it from a file: URL`);
  }
  if (typeof module === "string" && isAbsolute(module)) return pathToFileURL(module);
  throw new UsageError(
    `parallel: ${JSON.stringify(module) ?? String(module)} does not say where the module is; write ` +
      'new URL("./name.ts", import.meta.url)',
  );
}

/** Finds all that a thread has to load for a module. `find` says where the tsx is that a file finds. */
export function placeOf(url: URL, find: (file: string) => string = descriptionOfTsx): ModulePlace {
  // Beside this module, as source or built.
  const isSource = TYPESCRIPT.test(new URL(import.meta.url).pathname);
  const entry = new URL(isSource ? "./thread-entry.ts" : "./thread-entry.js", import.meta.url);
  const needsLoader = isSource || (TYPESCRIPT.test(url.pathname) && (!stripsTypes() || usesTsx()));
  return { module: url.href, entry: entry.href, loader: needsLoader ? loaderFor(url, find) : undefined };
}

function stripsTypes(): boolean {
  return Boolean((process.features as { readonly typescript?: unknown }).typescript);
}

/** What the program itself was loaded with is what its threads are loaded with. */
function usesTsx(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((one) => /\btsx\b/.test(one));
}

/** Finds tsx where the module finds its packages, or the program, or this package. */
function loaderFor(url: URL, find: (file: string) => string): string {
  const bases = [fileURLToPath(url), join(process.cwd(), "package.json"), fileURLToPath(import.meta.url)];
  let cause: unknown;
  for (const base of bases) {
    try {
      return registering(find(base));
    } catch (error) {
      cause ??= error;
    }
  }
  throw new MissingPackageError("tsx", `parallel: ${url.href} is TypeScript`, { cause });
}

function registering(description: string): string {
  const { exports } = JSON.parse(readFileSync(description, "utf8")) as {
    readonly exports: { readonly "./esm/api": { readonly import: { readonly default: string } } };
  };
  return new URL(exports["./esm/api"].import.default, pathToFileURL(description)).href;
}

function descriptionOfTsx(file: string): string {
  return createRequire(file).resolve("tsx/package.json");
}
