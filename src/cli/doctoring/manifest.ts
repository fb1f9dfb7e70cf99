import { readFile } from "node:fs/promises";

/** Is what of our package.json is looked at. */
export interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Reads the package.json of this program. */
export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as Manifest;
}
