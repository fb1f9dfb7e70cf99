/** Is a place where blocks meet. */
export interface End {
  readonly verb: string;
  readonly address: string;
}

type Options = Readonly<Record<string, unknown>>;

/** Gives the addresses of ZeroMQ, and of who is asked for them. */
export function zmqEnds(options: Options): readonly End[] {
  const { url } = (options["dispatcher"] ?? {}) as { readonly url?: unknown };
  return [
    ...(["bind", "connect"] as const).flatMap((verb) => textsOf(options[verb]).map((address) => ({ verb, address }))),
    // Something secret may stand behind the question mark.
    ...textsOf(url).map((address) => ({ verb: "dispatcher", address: address.replace(/\?.*$/, "") })),
  ];
}

/** Gives the channel within the process. */
export function memoryEnds({ channel }: Options): readonly End[] {
  return textsOf(channel).map((name) => ({ verb: "memory", address: `memory:${name}` }));
}

/** Gives the folder that is watched. */
export function folderEnds({ folder }: Options): readonly End[] {
  return textsOf(folder).map((address) => ({ verb: "folder", address }));
}

/** Gives the file of a capture, or the files of runs as they are named. */
export function fileEnds({ path }: Options): readonly End[] {
  return textsOf(path).map((address) => ({ verb: "file", address }));
}

/** Gives the address to which a WebSocket connects. */
export function urlEnds({ url }: Options): readonly End[] {
  // A token may stand behind the question mark.
  return textsOf(url).map((address) => ({ verb: "connect", address: address.replace(/\?.*$/, "") }));
}

/** Gives the address that a WebSocket publisher serves. */
export function servedEnds({ port, host = "127.0.0.1", path = "/", tls }: Options): readonly End[] {
  if (port === undefined) return [];
  const name = String(host);
  const at = `${name.includes(":") ? `[${name}]` : name}:${String(port)}${path === "/" ? "" : String(path)}`;
  return [{ verb: "bind", address: `${tls === undefined ? "ws" : "wss"}://${at}` }];
}

/** Gives channels, patterns and streams of Redis, each with the server. */
export function redisEnds(options: Options): readonly End[] {
  const { url, cluster, channel, channels, patterns, stream } = options;
  const place = serverOf(url) ?? textsOf(cluster).toSorted().join(",");
  const ends = (verb: string, names: unknown): readonly End[] =>
    textsOf(names).map((name) => ({ verb, address: `${place} ${name}`.trim() }));
  // Of a pub/sub publisher "stream" is but a name.
  if (channel !== undefined) return ends("channel", channel);
  return [...ends("channel", channels), ...ends("pattern", patterns), ...ends("stream", stream)];
}

/** Gives the topic of Kafka, with the brokers. */
export function kafkaEnds({ brokers, topic }: Options): readonly End[] {
  const place = textsOf(brokers).toSorted().join(",");
  return textsOf(topic).map((name) => ({ verb: "topic", address: `${place} ${name}`.trim() }));
}

/** Gives queues and exchanges of RabbitMQ, each with the server. */
export function amqpEnds({ url, queue, exchange }: Options): readonly End[] {
  const place = serverOf(url) ?? "";
  const named = typeof exchange === "object" ? (exchange as { name?: unknown } | null)?.name : exchange;
  return [
    ...textsOf(queue).map((name) => ({ verb: "queue", address: `${place} ${name}`.trim() })),
    ...textsOf(named).map((name) => ({ verb: "exchange", address: `${place} ${name}`.trim() })),
  ];
}

const PORTS: Readonly<Record<string, number>> = { redis: 6379, rediss: 6379, amqp: 5672, amqps: 5671 };

/** Gives a server without user, password and what is the default; undefined where none is named. */
function serverOf(url: unknown): string | undefined {
  if (typeof url !== "string" || url === "") return undefined;
  const [scheme = "", rest = ""] = url.split("://", 2);
  const place = rest.slice(rest.lastIndexOf("@") + 1).replace(/(?:\/0?)?(?:\?.*)?$/, "");
  const [host = "", ...database] = place.split("/");
  const port = /:\d+$|\}$/.test(host) || !Object.hasOwn(PORTS, scheme) ? "" : `:${PORTS[scheme]}`;
  return `${scheme}://${[host + port, ...database].join("/")}`;
}

function textsOf(given: unknown): readonly string[] {
  return (Array.isArray(given) ? given : [given]).filter((one) => typeof one === "string");
}
