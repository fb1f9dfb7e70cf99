import { pathToFileURL } from "node:url";
import { MissingPackageError } from "../errors.ts";

/** Makes a file of code into its exports; TypeScript is loaded as it is. */
export async function loadCode(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(file)) await prepareTypeScript();
  return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
}

let isPrepared = false;

/** Node.js from 22.18 on takes TypeScript itself; before, the package tsx does it for the whole process. */
async function prepareTypeScript(): Promise<void> {
  const { typescript } = process.features as { readonly typescript?: unknown };
  if (isPrepared || (typescript !== undefined && typescript !== false)) return;
  let loader: { register(): unknown };
  try {
    loader = (await import("tsx/esm/api")) as typeof loader;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new MissingPackageError("tsx", "TypeScript before Node.js 22.18 needs a loader", { cause });
  }
  loader.register();
  isPrepared = true;
}
