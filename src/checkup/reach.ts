import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Is a TCP port of a host. */
export interface Port {
  readonly host: string;
  readonly port: number;
}

/** Connects to a port and hangs up; rejects with what the system says. */
export async function reach(where: Port, signal: AbortSignal): Promise<void> {
  const socket = connect(where);
  try {
    await once(socket, "connect", { signal });
  } finally {
    leave(socket);
  }
}

/** Tells whether TLS is spoken at a port, by whatever certificate. */
export async function speaksTls(where: Port, signal: AbortSignal): Promise<boolean> {
  const socket = connectTls({ ...where, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal });
    return true;
  } catch {
    return false;
  } finally {
    leave(socket);
  }
}

/** Tries to listen at a port, or at a path, for a moment; rejects with what the system says. */
export async function listenBriefly(where: Port | { readonly path: string }): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  const listening = once(server, "listening");
  server.listen({ ...where, exclusive: true });
  await listening;
  const closed = once(server, "close");
  server.close();
  await closed;
}

function leave(socket: Socket): void {
  // What it says after this is nobody's.
  socket.on("error", () => undefined);
  socket.destroy();
}
