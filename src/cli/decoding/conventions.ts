import { RejectedError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { MessageFile } from "./message-file.ts";

/** Is what the content of a message is made of. */
export type Content = Readonly<Record<string, unknown>>;

/** Says what a message becomes in the eyes of whoever compares readers: with nothing that a reader made up. */
export type Kind = "start" | "event" | "stop" | "control";

/** Says how messages of a format are told: what in them names their run, and what counts them. */
export interface Convention {
  /** Options of the codec that the file asks for. */
  readonly options?: (file: MessageFile) => Readonly<Record<string, unknown>>;
  /** What of the content is told; by default all of it. */
  readonly keys?: readonly string[];
  /** Arrays of the content that stand beside it, not in it. */
  readonly beside?: readonly string[];
  /** The run that the message itself names. */
  readonly run: (content: Content, kind: Kind) => unknown;
  /** The number that the message itself has. */
  readonly sequence: (content: Content, kind: Kind) => unknown;
  /** Refuses what a codec passes on although it cannot read it. */
  readonly check?: (content: Content) => void;
  /** Whether bytes at the first level stand for arrays of uint8. */
  readonly bytesAreArrays?: (content: Content) => boolean;
}

const nothing = (): undefined => undefined;
const of =
  (...path: readonly string[]) =>
  (content: Content): unknown =>
    path.reduce<unknown>(
      (value, key) => (isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      content,
    );
const ofEvents =
  (...path: readonly string[]) =>
  (content: Content, kind: Kind): unknown =>
    kind === "event" ? of(...path)(content) : undefined;
const firstOf =
  (...keys: readonly string[]) =>
  (content: Content): unknown =>
    keys.map((key) => content[key]).find((value) => value !== undefined && value !== null);

const ESS_SCHEMAS: ReadonlySet<unknown> = new Set(["ev44", "f144", "ad00", "da00", "pl72", "6s4t", "x5f2"]);

const BLUESKY: Pick<Convention, "run" | "sequence"> = {
  run: (content, kind) => of("doc", kind === "start" ? "uid" : "run_start")(content),
  sequence: (content) => (content["name"] === "event" ? of("doc", "seq_num")(content) : undefined),
};

/** The conventions of every format that has some; by the name of the format. */
const CONVENTIONS: Readonly<Record<string, Convention>> = {
  "array-1.0": { keys: ["header"], run: nothing, sequence: of("header", "frame") },
  arroyopy: { run: firstOf("run_id", "scan_name"), sequence: ofEvents("frame_number") },
  arroyosas: {
    run: (content, kind) => (kind === "start" ? content["run_id"] : undefined),
    sequence: (content, kind) =>
      kind === "event" ? content[content["msg_type"] === undefined ? "index" : "frame_number"] : undefined,
    bytesAreArrays: (content) => content["msg_type"] === undefined,
  },
  arroyoxps: { keys: ["header"], run: nothing, sequence: ofEvents("header", "Frame Number") },
  "bluesky-kafka": BLUESKY,
  "bluesky-zmq": {
    ...BLUESKY,
    options: ({ serializer }) => (serializer === undefined ? {} : { serializer }),
  },
  bsread: { run: nothing, sequence: of("header", "pulse_id") },
  "dectris-v1": {
    keys: ["header", "config", "image", "times", "appendix"],
    beside: ["flatfield", "pixelmask", "countrate_table"],
    run: of("header", "series"),
    sequence: ofEvents("header", "frame"),
  },
  "dectris-v2": { run: firstOf("series_unique_id", "series_id"), sequence: ofEvents("image_id") },
  ess: {
    run: (content, kind) => (kind === "start" || kind === "stop" ? content["job_id"] : undefined),
    sequence: ofEssEvents,
    check({ schema }) {
      if (!ESS_SCHEMAS.has(schema)) throw new RejectedError(`schema: "${String(schema)}" is not known`);
    },
  },
  "karabo-bridge": { run: nothing, sequence: ({ metadata }) => newestTrain(metadata) },
  odin: { keys: ["header"], run: of("header", "acquisition_id"), sequence: of("header", "frame_num") },
  slsdetector: { keys: ["header"], run: of("header", "fileIndex"), sequence: ofEvents("header", "frameIndex") },
  stins: { keys: ["header", "meta"], run: of("header", "run_id"), sequence: of("header", "msg_number") },
  timepix: { run: of("scan_name"), sequence: ofEvents("flush_number") },
};

/** Gives the convention of a format; undefined where messages are told as the codec has them. */
export function conventionOf(codec: Codec): Convention | undefined {
  return Object.hasOwn(CONVENTIONS, codec.name) ? CONVENTIONS[codec.name] : undefined;
}

/** Gives the options of the codec of a format that a file asks for. */
export function optionsFor(format: string, file: MessageFile): Readonly<Record<string, unknown>> {
  return (Object.hasOwn(CONVENTIONS, format) ? CONVENTIONS[format]?.options?.(file) : undefined) ?? {};
}

function ofEssEvents(content: Content): unknown {
  const key = content["schema"] === "ev44" ? "message_id" : content["schema"] === "ad00" ? "id" : undefined;
  return key === undefined ? undefined : content[key];
}

/** Gives the number of a train: that of the newest source, for slow ones may be behind. */
function newestTrain(metadata: unknown): unknown {
  const ids = Object.values(isFields(metadata) ? metadata : {}).map((one) => of("timestamp.tid")(one as Content));
  const numbers = ids.filter((id) => typeof id === "number");
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function isFields(value: unknown): value is Content {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
