import type { ConnectionOptions } from "node:tls";
import { UsageError } from "../../errors.ts";
import { checkNames, shown } from "../../options/option-check.ts";

/** Says which Redis is meant, and how one gets in. */
export interface RedisConnectionOptions {
  /** Where it is: `redis://host:6379`, `rediss://` with TLS; a user, a password and a database may stand in it. */
  readonly url?: string;
  /** Nodes of a cluster, instead of `url`: `host:port`, one is enough. */
  readonly cluster?: readonly string[];
  /** The user of its access control list. Default: that of the url, or none. */
  readonly username?: string;
  /** The user's password. Default: that of the url, or none. */
  readonly password?: string;
  /** How TLS is spoken, as for `tls.connect`: own authorities (`ca`), a certificate (`cert`, `key`). Default: as the url says. */
  readonly tls?: ConnectionOptions;
  /**
   * Further options of ioredis, passed through: `sentinels` and `name` instead of `url`, `natMap`, `family`,
   * `connectTimeout`. What decides on reconnecting and on the protocol is the platform's.
   */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** The names of these options. */
export const CONNECTION_OPTIONS: readonly string[] = ["url", "cluster", "username", "password", "tls", "client"];

/** What is known of a connection before it is made. */
export interface ConnectionPlan {
  /** For messages: without user and password. */
  readonly place: string;
  readonly url: string | undefined;
  readonly cluster: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly client: Readonly<Record<string, unknown>>;
}

const PORT = 6379;

/** Checks the options of a connection, and that there are no others than these and the names given. */
export function connectionPlan(
  subject: string,
  options: RedisConnectionOptions,
  others: readonly string[],
): ConnectionPlan {
  if (typeof options !== "object" || options === null) {
    throw new UsageError(`${subject}: expected options such as { url: "redis://127.0.0.1" }, got ${shown(options)}`);
  }
  checkNames(subject, options, [...CONNECTION_OPTIONS, ...others]);
  const { url, cluster, username, password, tls, client = {} } = options;
  if (typeof client !== "object" || client === null) {
    throw new UsageError(`${subject}: client: expected options of ioredis, got ${shown(client)}`);
  }
  const isSentinel = "sentinels" in client;
  if ([url !== undefined, cluster !== undefined, isSentinel].filter(Boolean).length !== 1) {
    throw new UsageError(
      `${subject}: expected one of url ("redis://127.0.0.1:6379"), cluster (["host:port"]) and client.sentinels`,
    );
  }
  const place = url === undefined ? undefined : placeOf(subject, url);
  const nodes = cluster === undefined ? undefined : nodesOf(subject, cluster);
  return {
    place: place ?? nodes?.map(({ host, port }) => `${host}:${port}`).join(", ") ?? "the sentinels' master",
    url,
    cluster: nodes,
    client: {
      ...client,
      ...(username === undefined ? {} : { username: text(subject, "username", username) }),
      ...(password === undefined ? {} : { password: text(subject, "password", password) }),
      ...(tls === undefined ? {} : { tls }),
    },
  };
}

/** Gives a text that is not empty. */
export function text(subject: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`${subject}: ${name}: expected a text, got ${name === "password" ? "none" : shown(value)}`);
}

function placeOf(subject: string, url: unknown): string {
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "") {
    // A password may stand in it, so that it is not repeated here.
    throw new UsageError(`${subject}: url: expected one like "redis://127.0.0.1:6379" or "rediss://host:6380"`);
  }
  return `${parsed.hostname}:${parsed.port === "" ? PORT : parsed.port}`;
}

function nodesOf(subject: string, cluster: unknown): readonly { host: string; port: number }[] {
  const nodes = Array.isArray(cluster) ? cluster : [];
  if (nodes.length === 0) {
    throw new UsageError(`${subject}: cluster: expected nodes such as ["10.0.0.1:6379"], got ${shown(cluster)}`);
  }
  return nodes.map((node: unknown) => {
    const found = typeof node === "string" ? /^(?:\[([^\]\s]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(node) : null;
    if (found === null) throw new UsageError(`${subject}: cluster: expected "host:port", got ${shown(node)}`);
    return { host: (found[1] ?? found[2]) as string, port: Number(found[3] ?? PORT) };
  });
}
