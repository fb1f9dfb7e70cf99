import { networkInterfaces } from "node:os";

/** Says where to listen. */
export interface TcpPlace {
  readonly host: string;
  readonly port: number;
}

/** Says where to call, and from where. */
export interface TcpCall extends TcpPlace {
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Reads what follows `tcp://` of an address to bind to, which was checked before; `*` is every interface, or a free port. */
export function tcpPlace(rest: string): TcpPlace {
  const [host, port] = parts(rest);
  return { host: host === "*" ? "0.0.0.0" : interfaceAddress(host), port: port === "*" ? 0 : Number(port) };
}

/** Reads what follows `tcp://` of an address to connect to: `HOST:PORT` or `FROM:PORT;HOST:PORT`. */
export function tcpCall(rest: string): TcpCall {
  const at = rest.indexOf(";");
  const [host, port] = parts(rest.slice(at + 1));
  const call = { host, port: Number(port) };
  if (at < 0) return call;
  const from = rest.slice(0, at);
  const [localHost, localPort] = /:(?:\d+|\*)$/.test(from) ? parts(from) : [from, "0"];
  const localAddress = localHost === "*" ? undefined : interfaceAddress(localHost);
  return {
    ...call,
    ...(localAddress === undefined ? undefined : { localAddress }),
    ...(Number(localPort) > 0 ? { localPort: Number(localPort) } : undefined),
  };
}

/** Makes the text of an address from its parts. */
export function tcpText(host: string, port: number): string {
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parts(text: string): readonly [string, string] {
  const at = text.lastIndexOf(":");
  return [text.slice(0, at).replaceAll(/^\[|\]$/g, ""), text.slice(at + 1)];
}

/** Gives the first address of an interface, as `eth0`; any other host as it is. */
function interfaceAddress(host: string): string {
  const addresses = networkInterfaces()[host] ?? [];
  return (addresses.find(({ family }) => family === "IPv4") ?? addresses[0])?.address ?? host;
}
