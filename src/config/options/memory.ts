import { list } from "../map-shape.ts";
import { choice, type Fields, field, literal, required, text, whole } from "../shape.ts";
import { STREAM, TOPIC } from "./messages.ts";

const CHANNEL = required(
  literal("frames"),
  "The name of a channel of this process: listeners and publishers with one name are connected",
);
const MODE = field(choice("live", "log"), "live: who reads now gets it. log: messages are kept. Default live");

/** The options of a listener to a channel of the process. */
export const MEMORY_LISTENER: Fields = {
  channel: CHANNEL,
  mode: MODE,
  topics: field(list(text("image"), "[image, status]"), "Beginnings of the topics to read; default all"),
  group: field(text("reduce"), "Logs only: under which name is remembered what was finished"),
  from: field(choice("committed", "oldest", "newest"), "Logs only: where the first start begins; default committed"),
};

/** The options of a publisher to a channel of the process. */
export const MEMORY_PUBLISHER: Fields = {
  channel: CHANNEL,
  mode: MODE,
  topic: TOPIC,
  stream: STREAM,
  waitForReaders: field(whole(0), "How many listeners are waited for at the start; default 0"),
};
