import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { isRetryable } from "../../../src/errors.ts";
import { type Inlet, Listener } from "../../../src/listener/listener.ts";
import type { Codec } from "../../../src/message/codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { freePorts } from "../../../src/testing/brokers/free-port.ts";
import type { ListenerSource } from "../../../src/testing/conformance/listener.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { WebSocketListener } from "../../../src/transports/websocket/websocket-listener.ts";

/** Gives a TCP port that nobody uses now. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Tries again as a block does, so that a listener may begin before there is anything to connect to. */
export class Patient extends Listener<AnyMessage> {
  override readonly replay = "none";
  override readonly codec: Codec;
  readonly #make: () => Listener<AnyMessage>;

  constructor(make: () => Listener<AnyMessage>) {
    super();
    this.#make = make;
    this.codec = make().codec;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    const listener = this.#make();
    while (!signal.aborted) {
      try {
        await listener.start(inlet, signal);
        return;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        await pause(2);
      }
    }
  }
}

/** Sends the frames of a codec to every client, as any server does. */
export class BareServer implements ListenerSource {
  readonly url: string;
  readonly #server: WebSocketServer;
  readonly #codec: Codec;
  readonly #isText: boolean;

  private constructor(server: WebSocketServer, url: string, codec: Codec) {
    this.#server = server;
    this.url = url;
    this.#codec = codec;
    this.#isText = codec.name === "json";
  }

  static async open(codec: Codec = nativeCodec): Promise<BareServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    return new BareServer(server, `ws://127.0.0.1:${port}`, codec);
  }

  make(): WebSocketListener<AnyMessage> {
    return new WebSocketListener({ url: this.url, codec: this.#codec, endOnClose: true });
  }

  async send(messages: readonly AnyMessage[]): Promise<void> {
    await until(() => this.#server.clients.size > 0, "a client");
    const write = this.#codec.writer({ stream: "bare" });
    for (const message of messages) {
      for (const frames of write(message as never)) this.#all(joined(frames), this.#isText);
    }
  }

  sendGarbage(bytes: Uint8Array): void {
    this.#all(bytes, false);
  }

  cut(): void {
    for (const client of this.#server.clients) client.terminate();
  }

  end(): void {
    for (const client of this.#server.clients) client.close(1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #all(bytes: Uint8Array, isText: boolean): void {
    for (const client of this.#server.clients) client.send(bytes, { binary: !isText });
  }
}

/** Is a client that keeps what it is sent, by the bare library. */
export class BareClient implements Disposable {
  readonly socket: WebSocket;
  readonly received: (Buffer | string)[] = [];
  code: number | undefined;
  status: number | undefined;

  constructor(url: string, protocols: readonly string[] = [], options: ClientOptions = {}) {
    this.socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, ...options });
    this.socket.on("message", (data, isBinary) => {
      this.received.push(isBinary ? (data as Buffer) : String(data));
    });
    this.socket.on("error", () => undefined);
    this.socket.on("unexpected-response", (request, response) => {
      this.status = response.statusCode;
      request.destroy();
    });
    this.socket.on("close", (code) => {
      this.code = code;
    });
  }

  /** What came as JSON. */
  get documents(): readonly Record<string, unknown>[] {
    return this.received.map((one) => JSON.parse(String(one)));
  }

  async open(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN, "the connection to open");
    return this;
  }

  /** Reads nothing more from the system. */
  stall(): void {
    this.socket.pause();
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** Stands between two sides of a connection, and can cut it. */
export class Relay implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on("connection", (near: Socket) => {
      if (this.#isCut) {
        near.destroy();
        return;
      }
      const far = connect(port, "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => undefined);
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  static async to(port: number): Promise<Relay> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Relay(server, port);
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
