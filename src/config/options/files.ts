import { codecShape } from "../codec-shape.ts";
import { anyOf, either, exactlyOne, oneOrMore } from "../map-shape.ts";
import { choice, type Fields, field, flag, moment, no, number, positive, required, text, whole } from "../shape.ts";
import { CODEC, EXPECT, STREAM } from "./messages.ts";

/** The options of a listener to a folder. */
export const FILES_LISTENER: Fields = {
  folder: required(text("/data/incoming"), "The folder that is watched"),
  patterns: field(
    oneOrMore(text("*.tif")),
    "Globs such as *.tif or run-*/*.cbf, with ! for what is left out; default all",
  ),
  recursive: field(flag(), "Whether folders in it are watched too; default true"),
  settleMs: field(whole(0), "How long a file must stay the same until it is read, in ms; default 1000"),
  lookMs: field(whole(1), "How often the folder is looked at, in ms; default 1000"),
  watch: field(flag(), "False ends when all that is there was read; default true"),
  journal: field(
    anyOf(text("/data/incoming.journal"), no()),
    "The file that remembers what was finished, or false; default .arroyo-files.journal in the folder",
  ),
  maxFileBytes: field(whole(1), "A larger file is rejected and counted; default 256 MiB"),
  maxFiles: field(whole(1), "The most files that the folder may have; default 1000000"),
};

/** The options of a listener that plays a capture. */
export const CAPTURE_LISTENER: Fields = {
  path: required(text("night.acap"), "The file that was recorded"),
  codec: CODEC,
  speed: field(anyOf(positive(), choice("max", "step")), "A factor of the original speed, max or step; default max"),
  maxGapMs: field(number(0), "Longer silences are shortened to this, in ms; default none is"),
  from: field(
    either({
      scalar: choice("committed", "oldest", "newest"),
      map: exactlyOne({
        position: field(whole(0), "The number of a message, counted from 0"),
        run: field(text("scan-8"), "The Start of a run"),
        time: field(moment(), "The first message recorded then or later"),
      }),
    }),
    "Where the first start begins; default committed",
  ),
  group: field(text("reduce"), "Under which name is remembered what was finished; default nothing is"),
  follow: field(flag(), "Goes on with what is recorded later; default false"),
  expect: EXPECT,
};

/** The options of a publisher that records. */
export const CAPTURE_PUBLISHER: Fields = {
  path: required(text("night.acap"), "The file; further segments stand beside it"),
  codec: CODEC,
  format: field(codecShape, "What the frames are where codec is raw"),
  stream: STREAM,
  segmentBytes: field(whole(64 * 1024), "How long a file becomes before the next one is begun; default 1 GiB"),
  checksum: field(choice("all", "headers"), "What has checksums; default all"),
  sync: field(choice("close", "interval", "message"), "When it is brought to the disk; only message confirms"),
  syncMs: field(whole(1), "For interval: how often, in ms; default 1000"),
};
