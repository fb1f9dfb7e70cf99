import { LAYOUT } from "../format/layout.ts";
import { FrameRecording } from "./frame-recording.ts";
import type { Recording } from "./recording.ts";
import { RunRecording } from "./run-recording.ts";
import { StoredTree } from "./stored-tree.ts";

/** Opens a file for its messages: one of ours as it was written, any other for its frames. */
export async function openRecording(path: string, dataset: string | undefined): Promise<Recording> {
  const tree = await StoredTree.open(path);
  try {
    const isOurs = dataset === undefined && (await tree.attributes("/")).has(LAYOUT.version);
    return isOurs ? await RunRecording.open(tree) : await FrameRecording.open(tree, dataset);
  } catch (error) {
    await tree.close();
    throw error;
  }
}
