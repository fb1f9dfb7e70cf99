import type { ConnectionOptions } from "node:tls";
import { UsageError } from "../../errors.ts";
import { checkNames, shown, wholeNumber } from "../../options/option-check.ts";

/** Says which RabbitMQ is meant, and how one gets in. */
export interface AmqpConnectionOptions {
  /** Where it is: `amqp://host:5672/vhost`, `amqps://` with TLS; a user and a password may stand in it. */
  readonly url: string;
  /** The user. Default: that of the url, or `guest`. */
  readonly username?: string;
  /** The user's password. Default: that of the url, or `guest`. */
  readonly password?: string;
  /** How TLS is spoken, as for `tls.connect`: own authorities (`ca`), a certificate (`cert`, `key`). Default: as the url says. */
  readonly tls?: ConnectionOptions;
  /** How often both sides give a sign of life, in milliseconds, whole seconds; default 10 000. Native name: heartbeat. */
  readonly heartbeatMs?: number;
  /** The name under which the broker's pages show the connection. Default: the program's. Native name: connection_name. */
  readonly connectionName?: string;
}

/** The names of these options. */
export const CONNECTION_OPTIONS: readonly string[] = [
  "url",
  "username",
  "password",
  "tls",
  "heartbeatMs",
  "connectionName",
];

/** What is known of a connection before it is made. */
export interface ConnectionPlan {
  /** For messages: without user and password. */
  readonly place: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly heartbeatSeconds: number;
  readonly tls: ConnectionOptions;
  readonly connectionName: string | undefined;
}

const HEARTBEAT_MS = 10_000;

/** Checks the options of a connection, and that there are no others than these and the names given. */
export function connectionPlan(
  subject: string,
  options: AmqpConnectionOptions,
  others: readonly string[],
): ConnectionPlan {
  if (typeof options !== "object" || options === null) {
    throw new UsageError(`${subject}: expected options such as { url: "amqp://127.0.0.1" }, got ${shown(options)}`);
  }
  checkNames(subject, options, [...CONNECTION_OPTIONS, ...others]);
  const { url, username, password, tls, heartbeatMs, connectionName } = options;
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["amqp:", "amqps:"].includes(parsed.protocol) || parsed.hostname === "") {
    // A password may stand in it, so that it is not repeated here.
    throw new UsageError(`${subject}: url: expected one like "amqp://127.0.0.1:5672" or "amqps://host/vhost"`);
  }
  if (parsed.search !== "") {
    throw new UsageError(`${subject}: url: what stands behind "?" is not looked at; use options such as heartbeatMs`);
  }
  const isSecure = parsed.protocol === "amqps:" || tls !== undefined;
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const port = parsed.port === "" ? (isSecure ? 5671 : 5672) : Number(parsed.port);
  const vhost = parsed.pathname.length > 1 ? decoded(subject, parsed.pathname.slice(1)) : "/";
  const named = parsed.username !== "" || parsed.password !== "";
  return {
    place: `${parsed.hostname}:${port}${vhost === "/" ? "" : `/${vhost}`}`,
    host,
    port,
    isSecure,
    vhost,
    username:
      username === undefined
        ? named
          ? decoded(subject, parsed.username)
          : "guest"
        : textOption(subject, "username", username),
    password:
      password === undefined
        ? named
          ? decoded(subject, parsed.password)
          : "guest"
        : textOption(subject, "password", password),
    heartbeatSeconds: Math.ceil(wholeNumber(subject, "heartbeatMs", heartbeatMs, HEARTBEAT_MS, 1_000) / 1_000),
    tls: tls ?? {},
    connectionName: connectionName === undefined ? undefined : textOption(subject, "connectionName", connectionName),
  };
}

/** Gives a text that is not empty. */
export function textOption(subject: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`${subject}: ${name}: expected a text, got ${name === "password" ? "none" : shown(value)}`);
}

function decoded(subject: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new UsageError(`${subject}: url: a "%" in it is not followed by two hexadecimal digits; write it as "%25"`);
  }
}
