import type { Checkup } from "../checkup/finding.ts";
import { UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { Codec } from "../message/codec.ts";
import type { AnyMessage } from "../message/message.ts";
import { nativeCodec } from "../message/native/native-codec.ts";
import { PassThrough, type Step } from "../operator/function-operator.ts";
import { Operator } from "../operator/operator.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { AMQP_LISTENER, AMQP_PUBLISHER, AMQP_STREAM_LISTENER } from "./options/amqp.ts";
import type { CodecName } from "./options/codecs.ts";
import {
  amqpEnds,
  type End,
  fileEnds,
  folderEnds,
  kafkaEnds,
  memoryEnds,
  redisEnds,
  servedEnds,
  urlEnds,
  zmqEnds,
} from "./options/ends.ts";
import { CAPTURE_LISTENER, CAPTURE_PUBLISHER, FILES_LISTENER } from "./options/files.ts";
import { HDF5_LISTENER, HDF5_PUBLISHER } from "./options/hdf5.ts";
import { KAFKA_LISTENER, KAFKA_PUBLISHER } from "./options/kafka.ts";
import { MEMORY_LISTENER, MEMORY_PUBLISHER } from "./options/memory.ts";
import { REDIS_LISTENER, REDIS_PUBLISHER, REDIS_STREAM_LISTENER, REDIS_STREAM_PUBLISHER } from "./options/redis.ts";
import { REDUCTIONS, type Reduction } from "./options/reductions.ts";
import { WEBSOCKET_LISTENER, WEBSOCKET_PUBLISHER } from "./options/websocket.ts";
import { ZMQ_LISTENER, ZMQ_PUBLISHER } from "./options/zmq.ts";
import type { Fields } from "./shape.ts";

type Options = Readonly<Record<string, unknown>>;

/** Keeps what several parts of one build have in common, by name. */
export type Commons = Map<string, unknown>;

/** Is a part of a block that has a name in configurations: its options, and how it is loaded and made. */
export interface BuiltIn<T> {
  /** What it does, in a phrase for editors and lists. */
  readonly about: string;
  readonly options: Fields;
  /** Names the file and the class for threads, where it can work in some. */
  readonly threads?: { readonly module: URL; readonly export: string };
  /** Names the other sides that the options lead to, so that chains of blocks are seen. */
  readonly ends?: (options: Options) => readonly End[];
  /** Says what those of one configuration must agree upon, and what is wrong where they do not. */
  readonly agree?: (options: Options, commons: Commons) => string | undefined;
  /** Checks what it would meet; absent where it meets nothing outside of the process. */
  readonly check?: Checkup;
  /** Loads the code and makes one. */
  make(options: Options, commons: Commons): Promise<T>;
}

/** The listeners that have a name. */
export const LISTENERS: Readonly<Record<string, BuiltIn<Listener<AnyMessage>>>> = {
  zmq: {
    about: "Brings in what other programs publish or push over ZeroMQ",
    options: ZMQ_LISTENER,
    ends: zmqEnds,
    check: checker(async () => (await import("../transports/zmq/checkup.ts")).checkZmq),
    make: maker(async () => (await import("../transports/zmq/index.ts")).ZmqListener),
  },
  memory: {
    about: "Brings in what another block of the same process publishes",
    options: MEMORY_LISTENER,
    ends: memoryEnds,
    agree: memoryMode,
    async make({ channel, mode: _, ...others }, commons) {
      const { MemoryListener } = await import("../transports/memory/index.ts");
      return new MemoryListener({ ...others, channel: await channelOf(channel, commons) });
    },
  },
  redis: {
    about: "Brings in what is published on Redis channels",
    options: REDIS_LISTENER,
    ends: redisEnds,
    check: checker(async () => (await import("../transports/redis/checkup.ts")).checkRedisChannels),
    make: maker(async () => (await import("../transports/redis/index.ts")).RedisListener),
  },
  "redis-stream": {
    about: "Brings in what stands in a Redis stream",
    options: REDIS_STREAM_LISTENER,
    ends: redisEnds,
    check: checker(async () => (await import("../transports/redis/checkup.ts")).checkRedisStream),
    make: maker(async () => (await import("../transports/redis/index.ts")).RedisStreamListener),
  },
  kafka: {
    about: "Brings in what stands in a Kafka topic",
    options: KAFKA_LISTENER,
    ends: kafkaEnds,
    check: checker(async () => (await import("../transports/kafka/checkup.ts")).checkKafka),
    make: maker(async () => (await import("../transports/kafka/index.ts")).KafkaListener),
  },
  amqp: {
    about: "Brings in what stands in a queue of RabbitMQ",
    options: AMQP_LISTENER,
    ends: amqpEnds,
    check: checker(async () => (await import("../transports/amqp/checkup.ts")).checkAmqp),
    make: maker(async () => (await import("../transports/amqp/index.ts")).AmqpListener),
  },
  "amqp-stream": {
    about: "Brings in what stands in a stream of RabbitMQ",
    options: AMQP_STREAM_LISTENER,
    ends: amqpEnds,
    check: checker(async () => (await import("../transports/amqp/checkup.ts")).checkAmqpStream),
    make: maker(async () => (await import("../transports/amqp/index.ts")).AmqpStreamListener),
  },
  websocket: {
    about: "Brings in what a WebSocket sends",
    options: WEBSOCKET_LISTENER,
    ends: urlEnds,
    check: checker(async () => (await import("../transports/websocket/checkup.ts")).checkWebSocketListener),
    make: maker(async () => (await import("../transports/websocket/index.ts")).WebSocketListener),
  },
  files: {
    about: "Brings in the files of a folder, each when it is complete",
    options: FILES_LISTENER,
    ends: folderEnds,
    check: checker(async () => (await import("../transports/files/checkup.ts")).checkFiles),
    make: maker(async () => (await loadFiles()).FilesListener),
  },
  capture: {
    about: "Plays what was recorded",
    options: CAPTURE_LISTENER,
    ends: fileEnds,
    check: checker(async () => (await import("../transports/files/checkup.ts")).checkCapture),
    make: maker(async () => (await loadFiles()).CaptureListener),
  },
  hdf5: {
    about: "Replays HDF5 files: runs that were written here, and frames that others wrote",
    options: HDF5_LISTENER,
    ends: fileEnds,
    check: checker(async () => (await import("../transports/hdf5/checkup.ts")).checkHdf5),
    make: maker(async () => (await import("../transports/hdf5/index.ts")).Hdf5Listener),
  },
};

/** The publishers that have a name. */
export const PUBLISHERS: Readonly<Record<string, BuiltIn<Publisher<AnyMessage>>>> = {
  zmq: {
    about: "Sends results out over ZeroMQ",
    options: ZMQ_PUBLISHER,
    ends: zmqEnds,
    check: checker(async () => (await import("../transports/zmq/checkup.ts")).checkZmq),
    make: maker(async () => (await import("../transports/zmq/index.ts")).ZmqPublisher),
  },
  memory: {
    about: "Gives results to another block of the same process",
    options: MEMORY_PUBLISHER,
    ends: memoryEnds,
    agree: memoryMode,
    async make({ channel, mode: _, ...others }, commons) {
      const { MemoryPublisher } = await import("../transports/memory/index.ts");
      return new MemoryPublisher({ ...others, channel: await channelOf(channel, commons) });
    },
  },
  redis: {
    about: "Publishes results on a Redis channel",
    options: REDIS_PUBLISHER,
    ends: redisEnds,
    check: checker(async () => (await import("../transports/redis/checkup.ts")).checkRedisChannels),
    make: maker(async () => (await import("../transports/redis/index.ts")).RedisPublisher),
  },
  "redis-stream": {
    about: "Adds results to a Redis stream",
    options: REDIS_STREAM_PUBLISHER,
    ends: redisEnds,
    check: checker(async () => (await import("../transports/redis/checkup.ts")).checkRedisStream),
    make: maker(async () => (await import("../transports/redis/index.ts")).RedisStreamPublisher),
  },
  kafka: {
    about: "Sends results to a Kafka topic",
    options: KAFKA_PUBLISHER,
    ends: kafkaEnds,
    check: checker(async () => (await import("../transports/kafka/checkup.ts")).checkKafka),
    make: maker(async () => (await import("../transports/kafka/index.ts")).KafkaPublisher),
  },
  amqp: {
    about: "Sends results to a queue, a stream or an exchange of RabbitMQ",
    options: AMQP_PUBLISHER,
    ends: amqpEnds,
    check: checker(async () => (await import("../transports/amqp/checkup.ts")).checkAmqp),
    make: maker(async () => (await import("../transports/amqp/index.ts")).AmqpPublisher),
  },
  websocket: {
    about: "Sends results to browsers and other clients, and never waits for one",
    options: WEBSOCKET_PUBLISHER,
    ends: servedEnds,
    check: checker(async () => (await import("../transports/websocket/checkup.ts")).checkWebSocketPublisher),
    make: maker(async () => (await import("../transports/websocket/index.ts")).WebSocketPublisher),
  },
  capture: {
    about: "Records a stream into a file, as it was",
    options: CAPTURE_PUBLISHER,
    ends: fileEnds,
    check: checker(async () => (await import("../transports/files/checkup.ts")).checkCapture),
    make: maker(async () => (await loadFiles()).CapturePublisher),
  },
  hdf5: {
    about: "Writes an HDF5 file for each run, in the form of NeXus",
    options: HDF5_PUBLISHER,
    ends: fileEnds,
    check: checker(async () => (await import("../transports/hdf5/checkup.ts")).checkHdf5),
    make: maker(async () => (await import("../transports/hdf5/index.ts")).Hdf5Publisher),
  },
};

/** The operators that have a name. */
export const OPERATORS: Readonly<Record<string, BuiltIn<Step<AnyMessage, AnyMessage>>>> = {
  "pass-through": {
    about: "Lets everything through, which is what a block does without an operator",
    options: {},
    make: () => Promise.resolve(new PassThrough<AnyMessage>()),
  },
  ...Object.fromEntries(Object.entries(REDUCTIONS).map(([name, one]) => [name, reduction(one)])),
};

/** What was read by the table of a class is what its constructor takes. */
function maker<T>(load: () => Promise<new (options: never) => T>): (options: Options) => Promise<T> {
  return async (options) => new (await load())(options as never);
}

/** A checkup is loaded when it is first asked for. */
function checker(load: () => Promise<Checkup>): Checkup {
  return async (options, examination) => (await load())(options, examination);
}

function reduction({
  about,
  options,
  export: name,
  isWhole = false,
}: Reduction): BuiltIn<Step<AnyMessage, AnyMessage>> {
  const here = import.meta.url;
  const place = `../reduction/index${here.slice(here.lastIndexOf("."))}`;
  return {
    about,
    options,
    ...(!isWhole && { threads: { module: new URL(place, here), export: name } }),
    async make(given) {
      const made = (await import("../reduction/index.ts")) as unknown as Readonly<Record<string, OperatorCode>>;
      const code = made[name] as OperatorCode;
      return isClass(code) ? new code(given) : code(given);
    },
  };
}

type AnyOperator = Operator<AnyMessage, AnyMessage>;
type OperatorCode = (new (options: Options) => AnyOperator) | ((options: Options) => AnyOperator);

function isClass(code: OperatorCode): code is new (options: Options) => AnyOperator {
  return code.prototype instanceof Operator;
}

type CodecFactory = (options: Options) => Codec;

/** How the codec of each name is loaded; their options stand in `options/codecs.ts`. */
const CODECS: Readonly<Record<CodecName, () => Promise<CodecFactory>>> = {
  native: always(() => Promise.resolve(nativeCodec)),
  json: always(async () => (await import("../message/json-codec.ts")).jsonCodec),
  raw: always(async () => (await import("../message/raw-codec.ts")).rawCodec),
  "array-1.0": async () => (await import("../formats/array/index.ts")).array10,
  arroyopy: async () => (await import("../formats/arroyopy/index.ts")).arroyopy,
  arroyosas: async () => (await import("../formats/arroyosas/index.ts")).arroyosas,
  arroyoxps: always(async () => (await import("../formats/arroyoxps/index.ts")).arroyoxpsCodec),
  "bluesky-zmq": async () => (await import("../formats/bluesky/index.ts")).blueskyZmq,
  "bluesky-kafka": async () => (await import("../formats/bluesky/index.ts")).blueskyKafka,
  bsread: async () => (await import("../formats/bsread/index.ts")).bsread,
  "dectris-v1": async () => (await import("../formats/dectris/index.ts")).dectrisV1,
  "dectris-v2": async () => (await import("../formats/dectris/index.ts")).dectrisV2,
  ess: async () => (await import("../formats/ess/index.ts")).ess,
  "karabo-bridge": async () => (await import("../formats/karabo-bridge/index.ts")).karaboBridge,
  odin: async () => (await import("../formats/odin/index.ts")).odin,
  slsdetector: async () => (await import("../formats/slsdetector/index.ts")).slsDetector,
  stins: async () => (await import("../formats/stins/index.ts")).stins,
  tiled: always(async () => (await import("../formats/tiled/index.ts")).tiledCodec),
  timepix: always(async () => (await import("../formats/timepix/index.ts")).timepixCodec),
};

/** Every name of a codec. */
export const CODEC_NAMES: readonly CodecName[] = Object.keys(CODECS) as CodecName[];

/** Loads a codec by its name and makes one with these options. */
export async function loadCodec(name: string, options: Options = {}): Promise<Codec> {
  if (!Object.hasOwn(CODECS, name)) {
    throw new UsageError(`codec: there is no codec "${name}"; there are: ${CODEC_NAMES.join(", ")}`);
  }
  return (await CODECS[name as CodecName]())(options);
}

/** Gives the name in configurations of a codec, by the name that it has itself, as captures and dead letters keep it. */
export function codecNameOf(own: string): CodecName | undefined {
  // The native codec carries the version of its form.
  if (own === nativeCodec.name) return "native";
  return CODEC_NAMES.find((name) => name === own);
}

/** A codec without options is one and the same for all. */
function always(load: () => Promise<Codec>): () => Promise<CodecFactory> {
  return async () => {
    const codec = await load();
    return () => codec;
  };
}

/** Whoever names the mode of a channel names the same; the others take it. */
function memoryMode({ channel, mode }: Options, commons: Commons): string | undefined {
  if (mode === undefined) return undefined;
  const key = `mode of ${String(channel)}`;
  const before = commons.get(key) ?? mode;
  commons.set(key, mode);
  if (before === mode) return undefined;
  return `the channel "${String(channel)}" is ${String(before)} elsewhere; write the same mode, or only once`;
}

/** Gives the channel of a name, which the first who asks for it makes. */
async function channelOf(name: unknown, commons: Commons): Promise<MemoryChannel> {
  const { MemoryChannel } = await import("../transports/memory/index.ts");
  const key = `channel ${String(name)}`;
  const isLog = commons.get(`mode of ${String(name)}`) === "log";
  const made = commons.get(key) ?? new MemoryChannel<AnyMessage>(isLog ? { mode: "log" } : {});
  commons.set(key, made);
  return made as MemoryChannel;
}

type MemoryChannel = import("../transports/memory/index.ts").MemoryChannel<AnyMessage>;

type Sockets = typeof import("../transports/zmq/index.ts");

/** Opens a socket of ZeroMQ, for commands that hold a dialogue; for what is a listener or a publisher take that. */
export async function openZmqSocket(
  ...[type, options]: Parameters<Sockets["openSocket"]>
): ReturnType<Sockets["openSocket"]> {
  return (await import("../transports/zmq/index.ts")).openSocket(type, options);
}

type Captures = typeof import("../transports/files/index.ts");

/** Makes a listener that plays a capture, for commands that read one through. */
export async function makeCaptureListener(
  ...[options]: ConstructorParameters<Captures["CaptureListener"]>
): Promise<Listener<AnyMessage>> {
  const { CaptureListener } = await import("../transports/files/index.ts");
  return new CaptureListener<AnyMessage>(options);
}

/** Makes a listener that watches a Kafka topic, for commands: in a group of its own, which is deleted at the end. */
export async function makeKafkaWatcher(options: Options): Promise<Listener<AnyMessage>> {
  const { KafkaWatcher } = await import("../transports/kafka/kafka-watcher.ts");
  return new KafkaWatcher<AnyMessage>(options as never);
}

/** Loads what records, replays and watches files, for commands. */
export async function loadFiles(): Promise<typeof import("../transports/files/index.ts")> {
  return import("../transports/files/index.ts");
}
