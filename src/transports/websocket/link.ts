import type { ClientRequest, IncomingMessage } from "node:http";
import type { ClientOptions, WebSocket } from "ws";
import { ConnectionError, isRetryable, text } from "../../errors.ts";
import type { Ws } from "./load-ws.ts";

/** Holds what a client knows for TLS, in PEM. */
export interface WebSocketClientTls {
  /** The authorities to trust instead of the system's. */
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
}

/** Says what to connect to, and where what comes goes. */
export interface LinkOptions {
  readonly subject: string;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: WebSocketClientTls | undefined;
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  readonly pingMs: number;
  readonly endOnClose: boolean;
  readonly wasLetIn: boolean;
  /** The option by which a client is let in. */
  readonly secret: string;
  opened(): void;
  closed(): void;
  /** Takes one message; a promise says that the next one has to wait. */
  take(bytes: Uint8Array): void | Promise<void>;
}

/** RFC 6455: the purpose of the connection is fulfilled. */
const NORMAL = 1000;
const OPEN = 1;
/** What a server answers to a wrong address, token or form; the same request will get the same answer. */
const REMEDIES: Readonly<Record<number, string>> = {
  400: "it does not understand the request; see the options protocols and codec",
  401: "give the option token",
  403: "it does not let this client in; see its allowed origins and the option token",
  404: "there is nothing at this path; change the option url",
  426: "there is no WebSocket at this path; change the option url",
};

/** Is one connection: from connecting to its end, each message in turn. */
export class Link {
  readonly #options: LinkOptions;
  readonly #socket: WebSocket;
  /** What was read before the connection could be told to wait; less than one read of the system. */
  #backlog: Uint8Array[] = [];
  #isTaking = false;
  #isOver = false;
  #isOpen = false;
  #isAlive = true;
  #trouble: Error | undefined;
  #pings: NodeJS.Timeout | undefined;

  constructor(WebSocketClass: Ws["WebSocket"], options: LinkOptions) {
    const { ca, cert, key, passphrase } = options.tls ?? {};
    this.#options = options;
    this.#socket = new WebSocketClass(options.url, [...options.protocols], {
      ...defined({ ca: pem(ca), cert: pem(cert), key: pem(key), passphrase }),
      headers: { ...options.headers },
      maxPayload: options.maxBytes,
      handshakeTimeout: options.connectTimeoutMs,
      perMessageDeflate: false,
      followRedirects: false,
    } satisfies ClientOptions);
  }

  /** Reads until the signal aborts or the source ends; throws when the connection is lost. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => this.#listen(resolve, reject));
    const stop = (): void => this.#stop();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await ended;
    } finally {
      signal.removeEventListener("abort", stop);
      clearInterval(this.#pings);
      if (this.#isOpen) this.#options.closed();
    }
  }

  #listen(resolve: () => void, reject: (error: unknown) => void): void {
    const socket = this.#socket;
    this.#resolve = resolve;
    this.#reject = reject;
    socket.on("open", () => {
      if (this.#isOver) return;
      this.#isOpen = true;
      this.#options.opened();
      const { pingMs } = this.#options;
      // Not at once: an event loop that was busy has answers waiting, which it reads before what is immediate.
      if (pingMs > 0) this.#pings = setInterval(() => setImmediate(() => this.#probe()), pingMs).unref();
    });
    socket.on("message", (data) => this.#take(data as Buffer));
    const lives = (): void => {
      this.#isAlive = true;
    };
    socket.on("pong", lives).on("ping", lives);
    socket.on("unexpected-response", (request, response) => this.#refused(request, response));
    socket.on("error", (error) => {
      this.#trouble ??= error;
    });
    socket.on("close", (code, reason) => this.#closed(code, reason.toString()));
  }

  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  /** The reader stops in the middle of what it has read only if it is made to: that is what the backlog is for. */
  #take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#isAlive = true;
    if (this.#isTaking) {
      this.#backlog.push(bytes);
      return;
    }
    let taken: void | Promise<void>;
    try {
      taken = this.#options.take(bytes);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (taken !== undefined) void this.#wait(taken);
  }

  async #wait(taken: Promise<void>): Promise<void> {
    this.#isTaking = true;
    this.#socket.pause();
    try {
      await taken;
      while (!this.#isOver) {
        const next = this.#backlog.shift();
        if (next === undefined) break;
        await this.#options.take(next);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#isTaking = false;
    // Not answered while nobody read.
    this.#isAlive = true;
    if (this.#atTheEnd !== undefined) this.#atTheEnd();
    else if (!this.#isOver) this.#socket.resume();
  }

  /** Set when the connection has ended and messages still wait. */
  #atTheEnd: (() => void) | undefined;

  #closed(code: number, reason: string): void {
    if (this.#isOver) return;
    const end = (): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      if (code === NORMAL && this.#isOpen && this.#options.endOnClose) this.#resolve();
      else this.#reject(this.#errorOf(code, reason));
    };
    if (this.#isTaking) this.#atTheEnd = end;
    else end();
  }

  #errorOf(code: number, reason: string): Error {
    const { subject, url, maxBytes } = this.#options;
    const where = `${subject}: ${withoutSecrets(url)}`;
    const cause = this.#trouble;
    if (cause instanceof ConnectionError) return cause;
    const wsCode = (cause as { code?: string } | undefined)?.code;
    if (wsCode === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
      return new ConnectionError(`${where}: a message of more than ${maxBytes} bytes came; raise maxMessageBytes`, {
        cause,
      });
    }
    if (!this.#isOpen) {
      const why = cause === undefined ? `closed with code ${code}` : text(cause) || (wsCode ?? "no connection");
      const isOtherForm = /subprotocol/i.test(why);
      const retryable = isRetryable(cause) || (!isOtherForm && !isCertificate(wsCode));
      const remedy = isOtherForm ? "; the other side has another form: see the options codec and protocols" : "";
      return new ConnectionError(`${where}: cannot connect: ${why}${remedy}`, { cause, retryable });
    }
    const said = cause === undefined ? `code ${code}${reason === "" ? "" : ` (${shortened(reason)})`}` : text(cause);
    return new ConnectionError(`${where}: the connection ended: ${said}`, { cause });
  }

  #refused(request: ClientRequest, { statusCode = 0 }: IncomingMessage): void {
    const { subject, url, wasLetIn, secret } = this.#options;
    const remedy = REMEDIES[statusCode]?.replace("option token", () => `option ${secret}`);
    const because = remedy === undefined ? "" : `; ${remedy}`;
    this.#trouble = new ConnectionError(
      `${subject}: ${withoutSecrets(url)}: refused with status ${statusCode}${because}`,
      {
        retryable: wasLetIn || remedy === undefined,
      },
    );
    request.destroy();
    this.#socket.terminate();
  }

  #probe(): void {
    if (this.#isTaking || this.#socket.readyState !== OPEN) return;
    if (!this.#isAlive) {
      this.#trouble = new ConnectionError(
        `${this.#options.subject}: ${withoutSecrets(this.#options.url)}: no answer to a ping`,
      );
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.terminate();
    this.#reject(error);
  }

  /** Stops taking at once; the other side is told, and not waited for. */
  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#backlog = [];
    this.#socket.resume();
    if (this.#socket.readyState === OPEN) {
      this.#socket.close(NORMAL);
      const late = setTimeout(() => this.#socket.terminate(), 1000).unref();
      this.#socket.once("close", () => clearTimeout(late));
    } else this.#socket.terminate();
    this.#resolve();
  }
}

function isCertificate(code: string | undefined): boolean {
  return code !== undefined && /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code);
}

function pem(of: string | Uint8Array | undefined): string | Buffer | undefined {
  return of === undefined || typeof of === "string" ? of : Buffer.from(of);
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** A query or a user in an address may be a secret. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** What the other side says stands in a log. */
function shortened(reason: string): string {
  return JSON.stringify(reason.slice(0, 80)).slice(1, -1);
}
