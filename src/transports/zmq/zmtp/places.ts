import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Duplex } from "node:stream";
import { ConnectionError, text, UsageError } from "../../../errors.ts";
import type { Peer } from "./peer.ts";
import { ReadSpace } from "./read-space.ts";

/** Makes the peer of a stream. */
export type MakePeer = (stream: Duplex) => Peer;

/** Is an open place at which others can call. */
export interface Place {
  /** The address with its real port or path. */
  readonly address: string;
  close(): void;
}

/** Those who can be called within this process, by name: the name space of `inproc` is the process. */
const inproc = new Map<string, (stream: Duplex) => void>();

/** Calls an address once. `failed` is told when nobody answers; afterwards the peer tells its end itself. */
export function call(address: string, make: MakePeer, failed: (error: unknown) => void): () => void {
  const [transport, rest] = split(address);
  if (transport === "inproc") return callInside(rest, make, failed);
  const space = new ReadSpace();
  let peer: Peer | undefined;
  const socket: Socket = createConnection({
    ...(transport === "ipc" ? { path: rest } : tcp(rest)),
    noDelay: true,
    onread: {
      buffer: () => space.next(peer),
      callback: (bytes) => {
        if (peer !== undefined) space.read(peer, bytes);
        return true;
      },
    },
  });
  const refused = (error: unknown): void => failed(error);
  socket.once("error", refused);
  socket.once("connect", () => {
    socket.off("error", refused);
    socket.setKeepAlive(true, 30_000);
    peer = make(socket);
  });
  return () => socket.destroy();
}

/** Takes calls at an address. */
export async function answer(subject: string, address: string, make: MakePeer): Promise<Place> {
  const [transport, rest] = split(address);
  if (transport === "inproc") return answerInside(subject, address, rest, make);
  const folder = address === "ipc://*" ? mkdtempSync(join(tmpdir(), "arroyo-")) : undefined;
  const path = folder === undefined ? rest : join(folder, "socket");
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
    const peer = make(socket);
    socket.on("data", (chunk) => peer.feed(chunk));
  });
  try {
    await listen(server, transport === "ipc" ? { path } : tcp(rest));
  } catch (error) {
    throw new ConnectionError(`${subject}: cannot bind to ${address}: ${text(error)}`, { cause: error });
  }
  return {
    address: transport === "ipc" ? `ipc://${path}` : `tcp://${hostOf(rest)}:${portOf(server)}`,
    close: () => {
      server.close();
      if (folder !== undefined) rmSync(dirname(path), { recursive: true, force: true });
    },
  };
}

function split(address: string): readonly [string, string] {
  const at = address.indexOf("://");
  return [address.slice(0, at), address.slice(at + 3)];
}

function hostOf(rest: string): string {
  const host = rest.slice(0, rest.lastIndexOf(":"));
  return host === "*" ? "0.0.0.0" : host;
}

function tcp(rest: string): { readonly host: string; readonly port: number } {
  const host = hostOf(rest).replaceAll(/^\[|\]$/g, "");
  const port = rest.slice(rest.lastIndexOf(":") + 1);
  return { host: host === "lo" ? "127.0.0.1" : host, port: port === "*" ? 0 : Number(port) };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function listen(server: Server, where: { readonly path: string } | { readonly host: string; readonly port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function callInside(name: string, make: MakePeer, failed: (error: unknown) => void): () => void {
  const answering = inproc.get(name);
  if (answering === undefined) {
    const timer = setImmediate(() => failed(new ConnectionError(`inproc://${name}: nobody is bound to it`)));
    return () => clearImmediate(timer);
  }
  const [ours, theirs] = pair();
  answering(theirs);
  fed(ours, make(ours));
  return () => ours.destroy();
}

function answerInside(subject: string, address: string, name: string, make: MakePeer): Place {
  if (inproc.has(name)) {
    throw new UsageError(`${subject}: cannot bind to ${address}: this process has it already; take another name`);
  }
  inproc.set(name, (stream) => fed(stream, make(stream)));
  return { address, close: () => inproc.delete(name) };
}

function fed(stream: Duplex, peer: Peer): void {
  stream.on("data", (chunk: Uint8Array) => peer.feed(chunk));
}

/** Makes two streams of which each reads what the other one writes. */
function pair(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: ((() => void) | undefined)[] = [undefined, undefined];
  const make = (own: number): Duplex =>
    new Duplex({
      read() {
        const wake = waiting[own];
        waiting[own] = undefined;
        wake?.();
      },
      write(chunk: Uint8Array, _encoding, done) {
        const other = ends[1 - own] as Duplex;
        if (other.destroyed) done(new ConnectionError("the other side is gone"));
        else if (other.push(chunk)) done();
        else waiting[1 - own] = done;
      },
      final(done) {
        (ends[1 - own] as Duplex).push(null);
        done();
      },
      destroy(error, done) {
        const other = ends[1 - own];
        setImmediate(() => other?.destroy());
        done(error);
      },
    });
  ends.push(make(0), make(1));
  return [ends[0] as Duplex, ends[1] as Duplex];
}
