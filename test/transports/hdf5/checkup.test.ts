import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/checkup/finding.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { checkHdf5 } from "../../../src/transports/hdf5/checkup.ts";
import { Folder, write } from "./files.ts";

async function found(role: "listener" | "publisher", options: Readonly<Record<string, unknown>>): Promise<string[]> {
  const findings: Finding[] = [];
  const { signal } = new AbortController();
  await checkHdf5(options, { role, signal, own: new Set(), tell: (finding) => findings.push(finding) });
  return findings.map(({ level, subject, found: what, advice = "" }) => `${level} ${subject}: ${what}; ${advice}`);
}

describe("hdf5 checkup", () => {
  test("files - are counted with their messages", async () => {
    await using folder = await Folder.make();
    const path = folder.of("*.nxs");
    expect(await found("listener", { path })).toEqual([expect.stringMatching(/^warning hdf5 .*: no file is there; /u)]);
    expect(await found("listener", { path, follow: true })).toEqual([expect.stringContaining("no file is there yet")]);
    for (const run of ["a", "b"]) {
      await write({ path: folder.of("{run}.nxs") }, [new Start({}, { run }), new Stop({}, { run })]);
    }
    expect(await found("listener", { path })).toEqual([`ok hdf5 ${path}: 2 files are there with 4 messages; `]);
  });

  test("a file that is no HDF5, or is not there - is an error", async () => {
    await using folder = await Folder.make();
    const path = folder.of("a.h5");
    expect(await found("listener", { path })).toEqual([expect.stringMatching(/^error .*it is not there/u)]);
    await writeFile(path, "no HDF5");
    expect(await found("listener", { path })).toEqual([expect.stringMatching(/^error .*is no HDF5 file/u)]);
  });

  test("where it is written - must be a folder that is there", async () => {
    await using folder = await Folder.make();
    const path = folder.of("runs", "{stream}", "{run}.nxs");
    expect(await found("publisher", { path })).toEqual([
      `error hdf5 ${folder.of("runs")} (folder): there is no such folder; make it, or correct the path`,
    ]);
    await mkdir(folder.of("runs"));
    expect(await found("publisher", { path })).toEqual([expect.stringMatching(/^\w+ .*can be written to/u)]);
  });
});
