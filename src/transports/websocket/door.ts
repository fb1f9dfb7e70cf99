import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket, WebSocketServer } from "ws";
import { AbortedError, ConnectionError, text, UsageError } from "../../errors.ts";
import { type AdmissionRules, type Refusal, refusalOf } from "./admission.ts";
import type { Ws } from "./load-ws.ts";
import { agreed, type Form, SUBPROTOCOLS } from "./subprotocols.ts";

/** Holds the key and certificate of a server, in PEM. */
export interface WebSocketServerTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly passphrase?: string;
}

/** Says where a door is, and who may come in. */
export interface DoorOptions extends AdmissionRules {
  readonly subject: string;
  readonly host: string;
  readonly port: number;
  readonly tls: WebSocketServerTls | undefined;
  readonly maxClients: number;
  /** How many are in now. */
  readonly clients: () => number;
  /** Takes one who came in. */
  readonly enter: (socket: WebSocket, stream: Duplex, form: Form, address: string) => void;
  readonly refused: (reason: string) => void;
}

/** A handshake that takes longer is none. */
const HANDSHAKE_MS = 5_000;
/** What waits at the door beside the clients. */
const AT_THE_DOOR = 64;
/** A reason for a refusal may leave for so long. */
const REFUSAL_MS = 1_000;
/** Clients have nothing to say but pongs and the end. */
const MAX_INCOMING_BYTES = 1024;
const MAX_HEADER_BYTES = 16 * 1024;

/** Listens for clients, and lets in who may come in. */
export class Door {
  readonly #options: DoorOptions;
  readonly #sockets: WebSocketServer;
  readonly #server: Server;
  #entering = 0;

  constructor(ws: Ws, options: DoorOptions) {
    this.#options = options;
    this.#sockets = new ws.WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_INCOMING_BYTES,
      perMessageDeflate: false,
      autoPong: false,
      handleProtocols: (offered) => agreed(offered)?.name ?? false,
    });
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: HANDSHAKE_MS,
      connectionsCheckingInterval: 1000,
    };
    this.#server = options.tls === undefined ? createServer(limits) : tlsServer(options.subject, options.tls, limits);
    this.#server.maxConnections = options.maxClients + AT_THE_DOOR;
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => answer(request, response));
    this.#server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.#knock(request, stream, head);
    });
  }

  /** Opens; gives the address with its real port. */
  async open(signal: AbortSignal): Promise<string> {
    const { subject, host, port, tls, path } = this.#options;
    if (signal.aborted) throw new AbortedError(`${subject}: open`);
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void => reject(this.#trouble(error));
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        resolve();
      });
    });
    // What fails later is a connection that never came to be.
    this.#server.on("error", () => undefined);
    const { address, port: real } = this.#server.address() as AddressInfo;
    const shownHost = host.includes(":") ? `[${host}]` : host === "localhost" ? host : address;
    return `${tls === undefined ? "ws" : "wss"}://${shownHost}:${real}${path === "/" ? "" : path}`;
  }

  /** Lets nobody in any more. */
  shut(): void {
    if (this.#server.listening) this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Resolves when the port is free; who is still at the door is turned away. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    this.#server.closeAllConnections();
    await closed;
  }

  #knock(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // A connection that breaks in the handshake has nobody else to tell.
    const ignore = (): void => undefined;
    stream.on("error", ignore);
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.#options.refused(refusal.reason);
      turnAway(stream, refusal);
      return;
    }
    const form = agreed(offeredBy(request))?.form as Form;
    const { remoteAddress = "?", remotePort = 0 } = request.socket;
    this.#entering += 1;
    let isIn = false;
    const settle = (): void => {
      if (!isIn) this.#entering -= 1;
      isIn = true;
    };
    stream.once("close", settle);
    this.#sockets.handleUpgrade(request, stream, head, (socket) => {
      settle();
      stream.off("close", settle);
      stream.off("error", ignore);
      this.#options.enter(socket, stream, form, `${remoteAddress}:${remotePort}`);
    });
  }

  #refusal(request: IncomingMessage): Refusal | undefined {
    const refusal = refusalOf(request, this.#options);
    if (refusal !== undefined) return refusal;
    if (agreed(offeredBy(request)) === undefined) {
      const known = Object.values(SUBPROTOCOLS).join(", ");
      return { status: 400, reason: `none of the subprotocols is known; there are ${known}` };
    }
    if (this.#options.clients() + this.#entering < this.#options.maxClients) return undefined;
    return { status: 503, reason: `there are ${this.#options.maxClients} clients already, which is maxClients` };
  }

  #trouble(error: Error): Error {
    const { subject, host, port } = this.#options;
    const { code } = error as { code?: string };
    const name = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const because = (what: string): ConnectionError =>
      new ConnectionError(`${subject}: ${name} ${what}`, { cause: error, retryable: false });
    if (code === "EADDRINUSE") return because("is in use; choose another port, or 0 for a free one");
    if (code === "EACCES") return because("may not be used by this user; choose a port above 1023");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return because("is no address of this computer; change host");
    return because(`cannot be used: ${text(error)}`);
  }
}

function tlsServer(subject: string, tls: WebSocketServerTls, limits: object): Server {
  try {
    // Buffers are what Node takes; any bytes are what users have.
    const { cert, key, passphrase } = tls;
    const bytes = (pem: string | Uint8Array): string | Buffer => (typeof pem === "string" ? pem : Buffer.from(pem));
    return createTlsServer({
      ...limits,
      cert: bytes(cert),
      key: bytes(key),
      ...(passphrase === undefined ? undefined : { passphrase }),
    });
  } catch (error) {
    throw new UsageError(`${subject}: tls: ${text(error)}; give cert and key in PEM`, { cause: error });
  }
}

function offeredBy({ headers }: IncomingMessage): readonly string[] {
  const offered = headers["sec-websocket-protocol"];
  return offered === undefined ? [] : offered.split(",").map((name) => name.trim());
}

/** Tells whoever comes by HTTP what this is. */
function answer(_request: IncomingMessage, response: ServerResponse): void {
  const body = "This is a WebSocket of an arroyojs publisher; connect by ws:// or wss://\n";
  response.writeHead(426, { "Content-Type": "text/plain", Connection: "close, Upgrade", Upgrade: "websocket" });
  response.end(body);
}

/** Says why, and ends the connection, also that of one who does not listen. */
function turnAway(stream: Duplex, { status, reason }: Refusal): void {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ["WWW-Authenticate: Bearer"] : []),
    ...(status === 503 ? ["Retry-After: 5"] : []),
  ];
  const late = setTimeout(() => stream.destroy(), REFUSAL_MS).unref();
  stream.once("close", () => clearTimeout(late));
  stream.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
