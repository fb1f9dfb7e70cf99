import { anyOf, oneOrMore } from "../map-shape.ts";
import { choice, type Fields, field, flag, number, positive, required, text, whole } from "../shape.ts";
import { EXPECT, STREAM } from "./messages.ts";

/** The options of a listener that replays HDF5 files. */
export const HDF5_LISTENER: Fields = {
  path: required(oneOrMore(text("/data/*.nxs")), "The files, or patterns with * and ? in the name"),
  dataset: field(text("/entry/data/data"), "The dataset of the frames; default as it was written, or what NeXus names"),
  speed: field(anyOf(positive(), choice("max")), "A factor of the original speed, or max; default max"),
  maxGapMs: field(number(0), "Longer silences are shortened to this, in ms; default none is"),
  frameMs: field(number(0), "The time between frames that do not say when they came, in ms; default 0"),
  follow: field(flag(), "Goes on with files that come later; default false"),
  lookMs: field(whole(1), "For follow: how often is looked for files, in ms; default 1000"),
  settleMs: field(whole(0), "For follow: how long a file must stay the same until it is read, in ms; default 1000"),
  journal: field(text("/data/replay.json"), "The file that remembers what was finished; default nothing is"),
  expect: EXPECT,
};

/** The options of a publisher that writes an HDF5 file for each run. */
export const HDF5_PUBLISHER: Fields = {
  path: required(text("/data/{stream}/{run}.nxs"), "The file of a run, with {run}, {stream}, {date} and {time}"),
  definition: field(text("NXmonopd"), "The application definition that the messages keep to; default none is claimed"),
  compression: field(choice("keep", "bslz4"), "What becomes of frames that come uncompressed; default keep"),
  sync: field(choice("interval", "message"), "When it is brought to the disk; only message confirms each message"),
  syncMs: field(whole(1), "For interval: how often, in ms; default 1000"),
  stream: STREAM,
};
