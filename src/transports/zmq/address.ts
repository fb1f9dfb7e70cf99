import { UsageError } from "../../errors.ts";

/** Holds an address of ZeroMQ after it was checked. */
export interface Address {
  readonly text: string;
  readonly transport: "tcp" | "ipc" | "inproc";
  /** True when only this machine can reach it. */
  readonly isPrivate: boolean;
  /** True for an IPv6 address in brackets. */
  readonly isBracketed: boolean;
}

/** Says what is done at an address. */
export type Use = "connect" | "bind";

const FORMS = "tcp://HOST:PORT, ipc:///PATH or inproc://NAME";
const LONGEST_PATH = 107;
const HIGHEST_PORT = 65_535;
/** What libzmq takes in front of a host to connect from a certain interface: `tcp://FROM:0;HOST:PORT`. */
const TCP = /^(?:(?<from>[^;]+);)?(?<host>\[[^\]]+\]|[^:;[\]\s]+):(?<port>\*|\d+)$/;
const LOOPBACK = /^(?:localhost|lo|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Checks one address; libzmq itself would take some wrong ones without a word. */
export function readAddress(subject: string, use: Use, text: unknown): Address {
  const [, transport, rest] = /^(tcp|ipc|inproc):\/\/(.+)$/s.exec(String(text)) ?? [];
  const wrong = (why: string): UsageError => new UsageError(`${subject}: ${use} ${JSON.stringify(text)}: ${why}`);
  if (typeof text !== "string" || rest === undefined) throw wrong(`is not an address; write ${FORMS}`);
  if (transport === "tcp") return { text, transport, ...readTcp(rest, use, wrong) };
  if (transport === "inproc") return { text, transport, isPrivate: true, isBracketed: false };
  const bytes = Buffer.byteLength(rest);
  if (bytes > LONGEST_PATH) throw wrong(`the path has ${bytes} bytes; systems take at most ${LONGEST_PATH}`);
  if (use === "connect" && rest === "*") throw wrong("only bind takes a wildcard; name the path");
  return { text, transport: "ipc", isPrivate: true, isBracketed: false };
}

function readTcp(
  rest: string,
  use: Use,
  wrong: (why: string) => UsageError,
): Pick<Address, "isPrivate" | "isBracketed"> {
  const { from, host, port } = TCP.exec(rest)?.groups ?? {};
  if (host === undefined || port === undefined) throw wrong("expected tcp://HOST:PORT");
  if (use === "connect" && (port === "*" || host === "*")) throw wrong("only bind takes wildcards; name host and port");
  if (use === "bind" && from !== undefined) throw wrong("only connect takes an address to connect from");
  const number = port === "*" ? 0 : Number(port);
  if (number > HIGHEST_PORT) throw wrong(`there is no port ${port}; they end at ${HIGHEST_PORT}`);
  if (use === "connect" && number === 0) throw wrong("nobody can be reached at port 0");
  return { isPrivate: LOOPBACK.test(host), isBracketed: host.startsWith("[") };
}
