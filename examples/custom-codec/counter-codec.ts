// The wire format of a counter, as a codec: lines of text, such as "BEGIN scan-7", "COUNT scan-7 3 1000 998 1003" (the third
// of its run, three channels) and "END scan-7".
import {
  type Codec,
  type Decoded,
  Event,
  type Limits,
  type Message,
  NdArray,
  RejectedError,
  Start,
  Stop,
} from "arroyojs";

export type Counts = Start | Event<{ number: number }, NdArray<"uint32">> | Stop;

const MAX_CHANNELS = 1024;

export const counterCodec: Codec = {
  name: "counter",
  // A BEGIN is never repeated. Whoever comes later gets a Start with empty data, made when the first COUNT comes.
  withoutStart: "make",

  /** One reader for each source: it may keep state from message to message. What it throws is counted as rejected. */
  reader: (limits: Limits) => (frames) => {
    const [line] = frames;
    if (line === undefined || frames.length !== 1) throw new RejectedError("counter: expected one frame");
    // Whatever comes from outside has a bound, checked before the work.
    const longest = Math.min(limits.maxHeaderBytes, limits.maxMessageBytes);
    if (line.byteLength > longest) throw new RejectedError("counter: the line is too long");
    return [read(Buffer.from(line).toString("latin1"))];
  },

  /** One writer for each publisher: a message may become none, one or several wire messages, each a list of frames. */
  writer: () => (message) => [[Buffer.from(write(message), "latin1")]],
};

function read(line: string): Decoded {
  const [word, run, number, ...channels] = line.split(" ");
  if (run === undefined || run === "") throw new RejectedError("counter: no scan");
  if (word === "BEGIN") return { message: new Start({}, { run }) };
  if (word === "END") return { message: new Stop({}, { run }) };
  if (word !== "COUNT") throw new RejectedError("counter: expected BEGIN, COUNT or END");
  if (channels.length > MAX_CHANNELS) throw new RejectedError(`counter: more than ${MAX_CHANNELS} channels`);
  const counts = Uint32Array.from(channels, count);
  const sequence = count(number ?? "");
  // With a running number the platform finds gaps, and counts them as lost.
  return { message: new Event({ number: sequence }, new NdArray(counts), { run }), sequence };
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 0xffff_ffff) throw new RejectedError("counter: not a count");
  return value;
}

function write(message: Message): string {
  if (message.type === "start") return `BEGIN ${message.run}`;
  if (message.type === "stop") return `END ${message.run}`;
  return ["COUNT", message.run, message.metadata["number"], ...message.array("uint32").data].join(" ");
}
