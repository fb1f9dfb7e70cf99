import { nearest } from "../options/nearest.ts";
import type { Complain } from "./shape.ts";
import { type Entry, type MapValue, nameOf, type ScalarValue, type Value } from "./value.ts";

/** Says what stands here for a class of arroyopy. */
interface Equivalent {
  readonly role: "listener" | "publisher";
  readonly use: string;
  /** Keyword argument → option, and how its value is written here. */
  readonly options: Readonly<Record<string, Argument>>;
  /** Options that hold unless they are given. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** Says what stands here for a keyword argument. */
interface Argument {
  readonly name: string;
  /** How its value is written here. */
  readonly value?: (text: string) => string;
  /** What it must be where it is no text, or missing. */
  readonly needed?: string;
}

const SOCKET: Argument = { name: "socket", value: (text: string) => text.replace(/^zmq\./i, "").toLowerCase() };

// What comes and goes there is one map of MessagePack in one part.
const ZMQ = { use: "zmq", defaults: { codec: "arroyopy" } } as const;
// Its client is an object of Python; where it leads to is the url here.
const REDIS = { use: "redis", defaults: { codec: "arroyopy" } } as const;
const CLIENT: Argument = { name: "url", needed: "redis://HOST:PORT" };
const EQUIVALENTS: Readonly<Record<string, Equivalent>> = {
  "arroyopy.zmq.ZMQListener": {
    ...ZMQ,
    role: "listener",
    options: { address: { name: "connect", needed: "tcp://HOST:PORT" }, socket_type: SOCKET, codec: { name: "codec" } },
  },
  "arroyopy.zmq.ZMQPublisher": {
    ...ZMQ,
    role: "publisher",
    options: { address: { name: "bind", needed: "tcp://HOST:PORT" }, socket_type: SOCKET, codec: { name: "codec" } },
  },
  "arroyopy.redis.RedisListener": {
    ...REDIS,
    role: "listener",
    options: {
      redis_client: CLIENT,
      redis_channel_name: { name: "channels", needed: "CHANNEL" },
      codec: { name: "codec" },
    },
  },
  "arroyopy.redis.RedisPublisher": {
    ...REDIS,
    role: "publisher",
    options: {
      redis_client: CLIENT,
      redis_channel_name: { name: "channel", needed: "CHANNEL" },
      codec: { name: "codec" },
    },
  },
  "arroyopy.files.FileWatcherListener": {
    use: "files",
    role: "listener",
    options: { directory: { name: "folder", needed: "/PATH" } },
    defaults: {},
  },
};

/** Turns `class`, `args` and `kwargs`, as arroyopy writes them, into `use` and `options`; undefined where it cannot. */
export function fromAncestor(
  value: MapValue,
  path: string,
  role: "listener" | "publisher" | "operator",
  complain: Complain,
): MapValue | undefined {
  const { entries, at } = value;
  const named = entries.get("class") as Entry;
  const written = named.value.kind === "scalar" ? named.value.value : undefined;
  const use = entries.get("use");
  if (use !== undefined) {
    complain(named.key, `${path}: "class" and "use" both say what to load; leave "class" out`);
    return undefined;
  }
  const equivalent =
    typeof written === "string" && Object.hasOwn(EQUIVALENTS, written) ? EQUIVALENTS[written] : undefined;
  if (equivalent === undefined || equivalent.role !== role) {
    complain(named.value.at, `${path}.class: ${instead(written, equivalent, role)}`);
    return undefined;
  }
  const args = entries.get("args");
  if (args !== undefined && !(args.value.kind === "list" && args.value.items.length === 0)) {
    complain(args.key, `${path}: "args" have no names here; write them as options: with use: ${equivalent.use}`);
  }
  const kwargs = entries.get("kwargs");
  const options =
    kwargs === undefined ? new Map<string, Entry>() : optionsOf(kwargs.value, equivalent, `${path}.kwargs`, complain);
  for (const [name, option] of Object.entries(equivalent.options)) {
    if (option.needed === undefined || options.has(option.name)) continue;
    complain(
      kwargs?.key ?? named.key,
      `${path}.kwargs: "${name}" is missing; write kwargs: and below it ${name}: ${option.needed}`,
    );
    options.set(option.name, { key: named.key, value: scalarOf(option.needed, named.value) });
  }
  for (const [name, text] of Object.entries(equivalent.defaults)) {
    if (!options.has(name)) options.set(name, { key: named.key, value: scalarOf(text, named.value) });
  }
  const translated = new Map<string, Entry>();
  translated.set("use", { key: named.key, value: scalarOf(equivalent.use, named.value) });
  translated.set("options", {
    key: kwargs?.key ?? named.key,
    value: { kind: "map", entries: options, at: kwargs?.value.at ?? at },
  });
  for (const [name, entry] of entries) if (!["class", "args", "kwargs"].includes(name)) translated.set(name, entry);
  return { kind: "map", entries: translated, at };
}

function optionsOf(kwargs: Value, equivalent: Equivalent, path: string, complain: Complain): Map<string, Entry> {
  const options = new Map<string, Entry>();
  if (kwargs.kind !== "map") {
    complain(kwargs.at, `${path}: expected a map; write NAME: VALUE, indented, in lines of their own`);
    return options;
  }
  for (const [name, entry] of kwargs.entries) {
    const option = Object.hasOwn(equivalent.options, name) ? equivalent.options[name] : undefined;
    if (option === undefined) {
      const near = nearest(name, Object.keys(equivalent.options));
      const remedy = near === undefined ? `write use: ${equivalent.use} and its options` : `did you mean "${near}"?`;
      complain(entry.key, `${path}: "${name}" has no equivalent here; ${remedy}`);
      const meant = near === undefined ? undefined : equivalent.options[near];
      if (meant !== undefined && !kwargs.entries.has(near as string)) options.set(meant.name, entry);
      continue;
    }
    const { value } = entry;
    if (option.needed !== undefined && value.kind !== "scalar") {
      complain(value.at, `${path}: "${name}": expected a text, got ${nameOf(value)}; write ${name}: ${option.needed}`);
    }
    const isText = value.kind === "scalar" && typeof value.value === "string" && value.from === undefined;
    const held = isText && option.value !== undefined ? scalarOf(option.value(value.value as string), value) : value;
    options.set(option.name, { key: entry.key, value: held });
  }
  return options;
}

function instead(written: unknown, equivalent: Equivalent | undefined, role: string): string {
  if (typeof written !== "string") return "expected a text; write use: with a name, ./file.ts#Name or package#Name";
  if (equivalent !== undefined)
    return `"${written}" is a ${equivalent.role}, and a ${role} is expected here; write it under ${equivalent.role}s:`;
  const near = nearest(written, Object.keys(EQUIVALENTS));
  const meant = near === undefined ? "" : `, or did you mean "${near}"?`;
  return `"${written}" is a class of Python; write use: ./file.ts#${written.split(".").at(-1) ?? "Name"}${meant}`;
}

function scalarOf(text: string, near: Value): ScalarValue {
  return { kind: "scalar", value: text, shown: text, at: near.at };
}
