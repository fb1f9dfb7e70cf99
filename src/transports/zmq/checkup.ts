import { constants, existsSync } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { Examination } from "../../checkup/finding.ts";
import { listenBriefly } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import type { Address } from "./address.ts";
import type { ZmqDispatcher } from "./dispatcher.ts";
import { checkDispatcher } from "./dispatcher-checkup.ts";
import { COMMON_OPTIONS, type Ends, readEnds } from "./ends.ts";
import { loadEngine } from "./engine.ts";
import { type Greeted, greet } from "./greeted.ts";
import { isPlainServer } from "./plain.ts";
import type { SocketType } from "./zmtp/handshake.ts";
import { tcpPlace } from "./zmtp/tcp-address.ts";

/** What stands for a socket of no kind in particular: nobody is its partner, so that each says what it is. */
const ANY: SocketType = "PAIR";

/** What to write where a socket of another kind answers. */
const REMEDIES: Readonly<Record<string, string>> = {
  "SUB PUSH": "write socket: pull, or take the address of a publisher",
  "PULL PUB": "write socket: sub, or take the address of a PUSH",
  "PULL XPUB": "write socket: sub, or take the address of a PUSH",
  "PUSH SUB": "write socket: pub, or take the address of a PULL",
  "PUB PULL": "write socket: push, or take the address of a subscriber",
};

/**
 * Checks addresses of ZeroMQ: those to bind to are free, and at those to connect to a socket of the right kind answers.
 * Nobody there gets to know a socket: what a PUSH has is not dealt to us.
 */
export async function checkZmq(options: Readonly<Record<string, unknown>>, examination: Examination): Promise<void> {
  const { role, signal, tell } = examination;
  const { dispatcher } = options;
  // It gives the address itself.
  if (dispatcher !== undefined) return checkDispatcher(dispatcher as ZmqDispatcher, examination);
  const common = Object.entries(options).filter(([name]) => name !== "codec" && COMMON_NAMES.has(name));
  const ends = readEnds("zmq", Object.fromEntries(common), [...COMMON_NAMES]);
  // Where the package is needed and is not there, that is to be said first.
  if (ends.engine === "libzmq") await loadEngine(ends.engine, "zmq");
  const { socket = role === "listener" ? "sub" : "pub" } = options;
  const type = socket === "any" ? ANY : (String(socket).toUpperCase() as SocketType);
  const checks = [
    ...ends.bind.map((address) => ({
      address,
      check: () => checkBind(address, ends, type, reportOf(address), signal),
    })),
    ...ends.connect.map((address) => ({
      address,
      check: () => checkConnect(address, ends, type, reportOf(address), examination),
    })),
  ];
  if (ends.warning !== undefined) {
    const [open] = ends.bind.filter(({ isPrivate }) => !isPrivate);
    if (open !== undefined) reportOf(open).warned(ends.warning.replace(/^zmq: .*? (?=can be)/, ""));
  }
  await Promise.all(
    checks.map(({ address, check }) => check().catch((error: unknown) => reportOf(address).failed(error, "zmq"))),
  );

  function reportOf({ text }: Address): Report {
    return new Report(`zmq ${text}`, tell);
  }
}

const COMMON_NAMES: ReadonlySet<string> = new Set(COMMON_OPTIONS);

async function checkBind(
  address: Address,
  ends: Ends,
  type: SocketType,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const rest = address.text.slice(`${address.transport}://`.length);
  if (address.transport === "inproc") return report.ok("is of the process alone; nothing outside to look at");
  if (address.transport === "ipc") return checkPath(address, ends, type, report, signal);
  const where = tcpPlace(rest);
  try {
    await listenBriefly(where);
    report.ok(where.port === 0 ? "takes a free port" : "is free to bind to");
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EADDRINUSE") return inUse(callable(address), ends, type, report, signal);
    if (code === "EACCES") return report.error("this user may not bind there", "choose a port above 1023");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      return report.error("is no address of this computer", "bind to 127.0.0.1, to *, or to an address of it");
    }
    throw error;
  }
}

async function checkPath(
  address: Address,
  ends: Ends,
  type: SocketType,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const path = address.text.slice("ipc://".length);
  if (path === "*" || path.startsWith("@")) return report.ok("is free to bind to");
  if (existsSync(path)) {
    const answer = await greet(address.text, ends, type, signal).catch(() => undefined);
    if (answer !== undefined) return inUse(address.text, ends, type, report, signal);
  }
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    const isThere = (error as { code?: unknown }).code !== "ENOENT";
    return report.error(
      isThere ? `this user may not write in ${dirname(path)}` : `there is no folder ${dirname(path)}`,
      isThere ? "let it write there, or choose another path" : "make it, or choose another path",
    );
  }
  report.ok(existsSync(path) ? "is what an earlier process left, and would be taken over" : "is free to bind to");
}

/** Says who is there already: it may be this very configuration. */
async function inUse(
  address: string,
  ends: Ends,
  type: SocketType,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const answer = await greet(address, ends, partnerOf(type), signal).catch(() => undefined);
  if (answer?.type === type) {
    return report.warning(
      `is in use, by a ${type} of ZeroMQ`,
      "if this configuration runs there now, nothing is wrong; else stop it, or choose another address",
    );
  }
  report.error("is in use by another program", "stop it, or choose another address");
}

function callable({ text }: Address): string {
  return text.replace(/\/\/(?:\*|0\.0\.0\.0|\[::\]):/, "//127.0.0.1:");
}

async function checkConnect(
  address: Address,
  ends: Ends,
  type: SocketType,
  report: Report,
  { own, signal }: Examination,
): Promise<void> {
  if (address.transport === "inproc") return report.ok("is of the process alone; nothing outside to look at");
  const { plain } = ends.settings;
  if (plain !== undefined && isPlainServer(plain))
    return report.ok("is not called: who answers would have to prove who it is");
  let answer: Greeted;
  try {
    answer = await greet(address.text, ends, type, signal);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (own.has(address.text) && (code === "ECONNREFUSED" || code === "ENOENT")) {
      return report.ok("is bound by a publisher or listener of this configuration, which does not run now");
    }
    if (code === "ENOENT") return report.error("there is no such socket", "start who binds there, or correct the path");
    throw error;
  }
  const { refusal, security } = answer;
  if (refusal === undefined)
    return report.ok(`${answer.type === undefined ? "ZeroMQ" : `a ${answer.type}`} answers${security}`);
  const kind = /^is a (\w+);/.exec(refusal)?.[1];
  // No kind in particular was meant: any is right.
  if (kind !== undefined && type === ANY) return report.ok(`a ${kind} answers`);
  if (kind !== undefined) {
    const found = `a ${kind} answers, and ${refusal.slice(refusal.indexOf("; ") + 2)}`;
    return report.error(found, REMEDIES[`${type} ${kind}`] ?? "correct the address, or the kind of socket");
  }
  if (/^uses the security/.test(refusal)) {
    return report.error(refusal, "give curve keys, or plain, as the other side has it");
  }
  if (/^refused us/.test(refusal)) return report.error(refusal, "correct plain.username and plain.password");
  report.error(`who answers ${refusal}`, "correct host and port");
}

function partnerOf(type: SocketType): SocketType {
  const partners: Partial<Record<SocketType, SocketType>> = { PUB: "SUB", SUB: "PUB", PUSH: "PULL", PULL: "PUSH" };
  return partners[type] ?? type;
}
