import { readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { describe } from "../../config/describe.ts";
import type { DeadLetterSummary } from "../../dead-letters/dead-letter.ts";
import { FileStore } from "../../dead-letters/file-store.ts";
import { text, UsageError } from "../../errors.ts";
import type { Args } from "../args.ts";
import { describeOptions } from "../configuration-options.ts";
import type { Io } from "../io.ts";

/** Is a letter, and the folder that it lies in. */
export interface Placed {
  readonly folder: string;
  readonly store: FileStore;
  readonly summary: DeadLetterSummary & { readonly type: "letter" };
}

/** Lists what a search has found. */
export interface Found {
  readonly letters: readonly Placed[];
  /** What lies among them and is no letter, in words. */
  readonly oddities: readonly string[];
  readonly folders: readonly string[];
}

const USUAL = "dead-letters";
/** A folder of all blocks holds one of each, and that one of each instance. */
const MOST_DEPTH = 2;

/** Finds the letters that a command line means: in the folders that it names, by block, run, step and id. */
export async function lettersOf(args: Args, io: Io, ids: readonly string[]): Promise<Found> {
  const folders = await foldersOf(args, io);
  const wanted = new Set(ids);
  const letters: Placed[] = [];
  const oddities: string[] = [];
  for (const folder of folders) {
    const shown = relative(io.cwd, folder) || ".";
    const store = new FileStore({ path: folder });
    await store.open();
    for await (const summary of store.list()) {
      if (summary.type === "letter") {
        if (wanted.size > 0 ? wanted.has(summary.id) : isMeant(summary, args))
          letters.push({ folder: shown, store, summary });
      } else if (!summary.file.startsWith(".") && !folders.includes(join(folder, summary.file)))
        oddities.push(`${join(shown, summary.file)}: ${summary.reason}`);
    }
  }
  letters.sort((one, other) => (one.summary.id < other.summary.id ? -1 : 1));
  for (const { summary } of letters) wanted.delete(summary.id);
  const [missing] = wanted;
  if (missing !== undefined) {
    throw new UsageError(`dead-letters: there is no letter ${JSON.stringify(missing)}; see arroyo dead-letters list`);
  }
  return { letters, oddities, folders };
}

function isMeant(summary: Placed["summary"], args: Args): boolean {
  const is = (option: string, value: string | undefined): boolean =>
    args.text(option) === undefined || args.text(option) === value;
  return is("block", summary.block) && is("run", summary.run) && is("step", summary.step);
}

async function foldersOf(args: Args, io: Io): Promise<readonly string[]> {
  const config = args.text("config");
  const dirs = args.list("dir");
  const roots = dirs.map((dir) => resolve(io.cwd, dir));
  if (config !== undefined) {
    const { blocks } = await describe(config, describeOptions(args, io));
    for (const { name, settings } of blocks) {
      const { path = `./${USUAL}/${name}` } = (settings["deadLetters"] ?? {}) as { path?: string };
      roots.push(resolve(io.cwd, path));
    }
  }
  if (roots.length === 0) roots.push(resolve(io.cwd, USUAL));
  const found = new Set<string>();
  for (const root of roots) await look(root, MOST_DEPTH, found);
  if (found.size === 0 && dirs.length > 0) {
    throw new UsageError(
      `--dir ${dirs.join(" ")}: there is no such folder; name one that a block keeps dead letters in`,
    );
  }
  return [...found];
}

/** Notes the folders below one, itself included; what is not there has nothing in it. */
async function look(folder: string, depth: number, found: Set<string>): Promise<void> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    found.add(folder);
    if (depth === 0) return;
    for (const entry of entries) if (entry.isDirectory()) await look(join(folder, entry.name), depth - 1, found);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new UsageError(`dead-letters: ${folder}: cannot be read: ${text(error)}; name another with --dir`, {
      cause: error,
    });
  }
}
