import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BLOBS } from "../../../src/cli/decoding/told-blob.ts";
import { CODEC_NAMES } from "../../../src/config/registry.ts";

const ROOT = new URL("../../vectors/", import.meta.url);

/** The folders of vectors of facility formats, and of the compression. */
export const FOLDERS: readonly string[] = readdirSync(ROOT).filter((name) =>
  [...CODEC_NAMES, ...BLOBS].some((one) => one === name),
);

/** Gives the paths of the vectors of a folder, in the order of their names. */
export function pathsOf(folder: string): readonly string[] {
  const names = readdirSync(new URL(`${folder}/`, ROOT)).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => fileURLToPath(new URL(`${folder}/${name}`, ROOT)));
}

/** The formats of which there are random messages that other packages made, with what they must become. */
export const MADE: readonly string[] = readdirSync(new URL("made/", ROOT))
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.replace(".jsonl", ""));

/** Gives the random messages of a format, one text of JSON each. */
export function madeOf(format: string): readonly string[] {
  const text = readFileSync(new URL(`made/${format}.jsonl`, ROOT), "utf8");
  return text.split("\n").filter((line) => line !== "");
}
