import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../errors.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";

/** Silences of a recording are not waited for. */
const MAX_GAP_MS = 5_000;

/** Reads the path of a capture, or of a folder that is watched; undefined where it can be meant as neither. */
export function filePlace(text: string, { command, purpose, cwd }: Asked): StreamPlace | undefined {
  const path = resolve(cwd, text.startsWith("file://") ? fileURLToPath(text) : text);
  const there = statSync(path, { throwIfNoEntry: false });
  const isCapture = /\.acap$/.test(path);
  if (there === undefined && !isCapture && !/[/\\]/.test(text)) return undefined;
  const place = { shown: text, secrets: [] };
  if (purpose === "publish") {
    if (there?.isDirectory()) throw new UsageError(`${command}: ${text} is a folder; name a file in it: night.acap`);
    if (!isCapture) throw new UsageError(`${command}: ${text}: what is written is a capture; name it so: ${text}.acap`);
    if (there !== undefined)
      throw new UsageError(`${command}: ${text} is there already; give another name, or delete it`);
    return { ...place, use: "capture", options: { path } };
  }
  if (there === undefined) throw new UsageError(`${command}: there is no file or folder ${text}; correct the path`);
  if (there.isDirectory()) return { ...place, use: "files", options: { folder: path, journal: false } };
  const pace = command === "look" ? { speed: 1, maxGapMs: MAX_GAP_MS } : {};
  return { ...place, use: "capture", options: { path, from: "oldest", ...pace } };
}
