import { createHash, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../errors.ts";
import { checkNames, shown } from "../../options/option-check.ts";

/**
 * Asks for a name and a password (the mechanism PLAIN). Both travel in the clear: whoever can listen to the network can
 * read them, and everything else; take `curve` where that matters. One side is the server, whichever of the two binds.
 */
export type ZmqPlain = ZmqPlainClient | ZmqPlainServer;

/** Makes this side a client of PLAIN. */
export interface ZmqPlainClient {
  /** At most 255 bytes. Native name: ZMQ_PLAIN_USERNAME. */
  readonly username: string;
  /** At most 255 bytes; it is never shown. Native name: ZMQ_PLAIN_PASSWORD. */
  readonly password: string;
}

/** Makes this side the server of PLAIN. */
export interface ZmqPlainServer {
  /** The passwords of those who may connect, by their names. Native names: ZMQ_PLAIN_SERVER and a ZAP handler. */
  readonly users: Readonly<Record<string, string>>;
}

const MAX_BYTES = 255;

/** Tells the two sides apart. */
export function isPlainServer(plain: ZmqPlain): plain is ZmqPlainServer {
  return "users" in plain;
}

/** Tells whether a client may come in; how long that takes says nothing about the password. */
export function admits({ users }: ZmqPlainServer, username: string, password: string): boolean {
  const known = Object.hasOwn(users, username) ? users[username] : undefined;
  return timingSafeEqual(digest(known ?? ""), digest(password)) && known !== undefined;
}

/** Checks names and passwords without ever quoting a password. */
export function readPlain(subject: string, plain: unknown): ZmqPlain | undefined {
  if (plain === undefined) return undefined;
  if (typeof plain !== "object" || plain === null) {
    throw new UsageError(`${subject}: plain: expected { username, password } or { users }; see ZmqPlain`);
  }
  const given = plain as Readonly<Record<string, unknown>>;
  if (!("users" in given)) {
    const client = ["username", "password"];
    checkNames(`${subject}: plain`, given, "password" in given ? client : [...client, "users"]);
    for (const name of client) checkText(subject, `plain.${name}`, given[name]);
    return plain as ZmqPlainClient;
  }
  checkNames(`${subject}: plain`, given, ["users"]);
  const { users } = given;
  const isTable = typeof users === "object" && users !== null && !Array.isArray(users);
  if (!isTable || Object.keys(users).length === 0) {
    throw new UsageError(`${subject}: plain.users: expected passwords by name, as { alice: "..." }`);
  }
  for (const [name, password] of Object.entries(users)) {
    checkText(subject, "plain.users: a name", name);
    checkText(subject, `plain.users.${shown(name)}`, password);
  }
  return { users: { ...(users as Record<string, string>) } };
}

function checkText(subject: string, name: string, text: unknown): void {
  if (typeof text === "string" && text !== "" && Buffer.byteLength(text) <= MAX_BYTES) return;
  const got = typeof text === "string" ? `${Buffer.byteLength(text)} bytes` : typeof text;
  throw new UsageError(`${subject}: ${name}: expected a text of 1 to ${MAX_BYTES} bytes, got ${got}`);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
