import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The last line that runs on Node 20. */
const VERSION = "1.35.0";

/**
 * Gives the module of @platformatic/kafka, installed below node_modules where it is missing: it is measured for information
 * only, and some of its parts claim a later Node than ours, of which every other installation would then be warned.
 */
export function platformaticKafka(): string | undefined {
  const folder = fileURLToPath(new URL(`../node_modules/.cache/arroyojs-bench/kafka-${VERSION}`, import.meta.url));
  const module = join(folder, "node_modules", "@platformatic", "kafka", "dist", "index.js");
  if (existsSync(module)) return module;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const npm = ["install", "--no-audit", "--no-fund", "--loglevel", "error", `@platformatic/kafka@${VERSION}`];
  spawnSync("npm", npm, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  return existsSync(module) ? module : undefined;
}
