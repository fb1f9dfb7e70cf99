import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { text, UsageError } from "../../errors.ts";
import { insteadOf } from "../../options/nearest.ts";
import type { Command } from "../command.ts";
import { print } from "../io.ts";
import { BEGINNINGS } from "../starting/beginnings.ts";
import { completed, readManifest } from "../starting/manifest.ts";
import { manifestOf, projectFiles } from "../starting/project.ts";

const NAMES = BEGINNINGS.map(({ name }) => name);

/** Makes a working project. */
export const command: Command = {
  usage: "[DIR] [options]",
  about: [
    "Makes a project that works: a configuration, an operator with its test, a simulated detector. DIR is the current",
    "folder unless given. Nothing is overwritten; a package.json that is there gets what is missing in it.",
    "It can begin with:",
    ...BEGINNINGS.map(({ name, about }) => `  ${name.padEnd(16)} ${about[0]?.toLowerCase()}${about.slice(1)}`),
  ].join("\n"),
  examples: [
    { line: "arroyo init my-reduction", does: "in a new folder" },
    { line: "arroyo init --from dark-correction", does: "here, from another example" },
  ],
  options: {
    from: { type: "string", value: "NAME", description: `what it begins with; default ${NAMES[0]}` },
    name: { type: "string", value: "NAME", description: "the name of the package; default that of the folder" },
  },
  positionals: { max: 1 },
  async run(args, io) {
    const from = args.text("from") ?? BEGINNINGS[0].name;
    const beginning = BEGINNINGS.find(({ name }) => name === from);
    if (beginning === undefined) throw new UsageError(`--from: there is no "${from}"; ${insteadOf(from, NAMES)}`);
    const folder = resolve(io.cwd, args.positionals[0] ?? ".");
    const facts = { name: args.text("name") ?? packageName(basename(folder)), version: await ownVersion() };
    const files = projectFiles(beginning, facts);
    const manifestPath = join(folder, "package.json");
    const before = await readManifest(manifestPath);
    const wanted = manifestOf(beginning, facts);
    const manifest = before === undefined ? wanted : completed(before, wanted);
    const inTheWay: string[] = [];
    for (const { path } of files) if (await exists(join(folder, path))) inTheWay.push(path);
    if (inTheWay.length > 0) {
      throw new UsageError(
        `init: ${inTheWay.join(", ")} ${inTheWay.length === 1 ? "is" : "are"} there already; take an empty folder`,
      );
    }
    try {
      for (const { path, text: content } of files) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content, { flag: "wx" });
      }
      await writeFile(manifestPath, `${JSON.stringify(manifest, undefined, 2)}\n`);
    } catch (error) {
      throw new UsageError(`init: ${folder}: cannot be written: ${text(error)}; take another folder`, { cause: error });
    }
    if (args.flag("quiet")) return 0;
    const steps = relative(io.cwd, folder) === "" ? [] : [`cd ${relative(io.cwd, folder)}`];
    await print(io, `made ${["package.json", ...files.map(({ path }) => path)].join(", ")}`);
    await print(io, "now:");
    for (const step of [...steps, "npm install", "npm test", "npx arroyo run"]) await print(io, `  ${step}`);
    return 0;
  },
};

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes a name that npm takes. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" || name === "arroyojs" ? "my-reduction" : name;
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { version?: unknown }).version);
}
