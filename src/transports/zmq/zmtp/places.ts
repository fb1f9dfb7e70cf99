import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { ConnectionError } from "../../../errors.ts";
import { bindFreed } from "../bind-freed.ts";
import { endError } from "../libzmq-errors.ts";
import { readingInPlace } from "./accepted.ts";
import { answerInside, callInside } from "./inproc.ts";
import type { Peer } from "./peer.ts";
import { ReadSpace } from "./read-space.ts";
import { tcpCall, tcpPlace, tcpText } from "./tcp-address.ts";

/** Makes the peer of a stream; `from` says who called, where that is known. */
export type MakePeer = (stream: Duplex, from?: string) => Peer;

/** Hears what happens at an open place. */
export interface Host {
  readonly subject: string;
  readonly readInPlace: boolean;
  readonly make: MakePeer;
  /** A call could not be taken. */
  failed(error: unknown): void;
}

/** Is an open place at which others can call. */
export interface Place {
  /** The address with its real port or path. */
  readonly address: string;
  close(): void;
}

/** A connection whose other side vanished without a word is found out after this and some more. */
const KEEP_ALIVE_MS = 30_000;

/** Calls an address once, and gives what gives it up. `failed` is told when nobody answers; later the peer tells its end. */
export function call(address: string, make: MakePeer, failed: (error: unknown) => void): () => void {
  const [transport, rest] = split(address);
  if (transport === "inproc") {
    const timer = setImmediate(() => {
      const stream = callInside(rest);
      if (stream === undefined) failed(new ConnectionError(`${address}: nobody is bound to it`));
      else feed(stream, make(stream));
    });
    return () => clearImmediate(timer);
  }
  const space = new ReadSpace();
  const where = transport === "ipc" ? { path: systemPath(rest) } : { ...tcpCall(rest), noDelay: true };
  const socket: Socket = createConnection({ ...where, onread: space.onread });
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    space.belongsTo(make(socket));
  });
  return () => {
    if (socket.connecting) socket.destroy();
  };
}

/** Takes calls at an address. */
export async function answer(address: string, host: Host): Promise<Place> {
  const [transport, rest] = split(address);
  if (transport === "inproc") {
    const close = answerInside(host.subject, rest, (stream) => feed(stream, host.make(stream)));
    return { address, close };
  }
  const folder = address === "ipc://*" ? mkdtempSync(join(tmpdir(), "arroyo-")) : undefined;
  const path = folder === undefined ? rest : join(folder, "socket");
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, pauseOnConnect: true },
    (socket) => take(socket, host),
  );
  try {
    const where = transport === "ipc" ? { path: systemPath(path) } : tcpPlace(rest);
    await bindFreed(() => listen(server, where));
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    // Node says EACCES also where there is no folder.
    const isNowhere = transport === "ipc" && !path.startsWith("@") && !existsSync(dirname(path));
    throw endError(
      host.subject,
      "bind",
      address,
      isNowhere ? Object.assign(error as Error, { code: "ENOENT" }) : error,
    );
  }
  server.on("error", (error) => host.failed(error));
  return {
    address: transport === "ipc" ? `ipc://${path}` : textOf(server.address() as AddressInfo),
    close: () => {
      server.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function split(address: string): readonly [string, string] {
  const at = address.indexOf("://");
  return [address.slice(0, at), address.slice(at + 3)];
}

/** An abstract name begins with a zero byte for the system. */
function systemPath(path: string): string {
  return path.startsWith("@") ? `\0${path.slice(1)}` : path;
}

function textOf({ address, port }: AddressInfo): string {
  return tcpText(address, port);
}

function take(accepted: Socket, { make, readInPlace }: Host): void {
  const from = accepted.remoteAddress;
  const space = new ReadSpace();
  const socket = readInPlace ? readingInPlace(accepted, space) : undefined;
  if (socket === undefined) {
    feed(accepted, make(accepted, from));
    accepted.resume();
    return;
  }
  space.belongsTo(make(socket, from));
  socket.resume();
}

function feed(stream: Duplex, peer: Peer): void {
  stream.on("data", (chunk: Uint8Array) => peer.feed(chunk));
}

async function listen(
  server: Server,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<void> {
  const listening = once(server, "listening");
  server.listen(where);
  await listening;
}
