import type { Checkup } from "../../checkup/finding.ts";
import { checkFolder } from "../../checkup/folder.ts";
import { Report } from "../../checkup/report.ts";
import { FilePattern } from "./reading/file-pattern.ts";
import { openRecording } from "./reading/open-recording.ts";
import { isThere } from "./writing/finished-place.ts";
import { PathPattern } from "./writing/path-pattern.ts";

const MAX_READ = 100;

/** Checks that files are there to be replayed, or that there is room to write them. */
export const checkHdf5: Checkup = async ({ path, dataset, follow }, { role, own, signal, tell }) => {
  const paths = (Array.isArray(path) ? path : [path]).map(String);
  const report = new Report(`hdf5 ${paths.join(", ")}`, tell);
  if (role === "publisher") {
    const { folder } = new PathPattern("hdf5", paths[0] ?? "").fixed;
    const place = new Report(`hdf5 ${folder} (folder)`, tell);
    if (await isThere(folder)) return checkFolder(place, folder);
    return place.error("there is no such folder", "make it, or correct the path");
  }
  try {
    const found = await new FilePattern("hdf5", paths).find();
    if (found.length === 0) {
      if (follow === true || own.size > 0) return report.ok("no file is there yet");
      return report.warning("no file is there", "correct the path, or say follow: true to wait for files");
    }
    let messages = 0;
    for (const file of found.slice(0, MAX_READ)) {
      signal.throwIfAborted();
      await using recording = await openRecording(file.path, dataset === undefined ? undefined : String(dataset));
      messages += recording.count;
    }
    const read = found.length > MAX_READ ? `; the first ${MAX_READ} hold` : " with";
    report.ok(`${found.length} files are there${read} ${messages} messages`);
  } catch (error) {
    report.failed(error, "hdf5 ");
  }
};
