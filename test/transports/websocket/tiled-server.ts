import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Packr } from "msgpackr";
import { type WebSocket, WebSocketServer } from "ws";

type Fields = Record<string, unknown>;

/** Packs as the server's library does: plain maps, bytes as bin. */
const packr = new Packr({ useRecords: false, variableMapSize: true });

interface Kept {
  readonly sequence: number;
  readonly fields: Fields | "end";
}

/** Is a node of a Tiled server as its clients see it: what was written is kept, streamed, and given again from a number. */
export class TiledServer implements AsyncDisposable {
  readonly url: string;
  /** Paths with queries, and keys, of those who connected. */
  readonly asked: { readonly url: string; readonly key: string | undefined }[] = [];
  /** What is sent first to whoever connects; undefined for nothing. */
  schema: Fields | undefined;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #key: string | undefined;
  readonly #kept: Kept[] = [];
  readonly #clients = new Map<WebSocket, { readonly isJson: boolean }>();
  #sequence = 0;

  private constructor(http: Server, schema: Fields | undefined, key: string | undefined) {
    this.#http = http;
    this.#key = key;
    this.schema = schema;
    this.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    http.on("upgrade", (request, socket, head) => {
      const given = request.headers.authorization;
      this.asked.push({ url: request.url ?? "", key: given });
      if (this.#key !== undefined && given !== `Apikey ${this.#key}`) {
        socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#serve(client, request));
    });
  }

  static async open(schema: Fields | undefined, key?: string): Promise<TiledServer> {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    return new TiledServer(http, schema, key);
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Writes something to the node; gives its number. */
  write(fields: Fields): number {
    this.#sequence += 1;
    const kept = { sequence: this.#sequence, fields };
    this.#kept.push(kept);
    for (const [client, { isJson }] of this.#clients) this.#give(client, isJson, kept);
    return this.#sequence;
  }

  /** Ends the stream, as its producer does. */
  end(): void {
    this.#sequence += 1;
    this.#kept.push({ sequence: this.#sequence, fields: "end" });
    for (const client of this.#clients.keys()) client.close(1000, "Producer ended stream");
  }

  /** Breaks all connections. */
  cut(): void {
    for (const client of this.#clients.keys()) client.terminate();
  }

  /** Sends a message as it is. */
  send(bytes: Uint8Array | string): void {
    for (const client of this.#clients.keys()) client.send(bytes);
  }

  /** Forgets what was written up to a number. */
  forget(sequence: number): void {
    while ((this.#kept[0]?.sequence ?? sequence + 1) <= sequence) this.#kept.shift();
  }

  /** Begins to count anew, as after a long rest. */
  restart(): void {
    this.#sequence = 0;
    this.#kept.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #serve(client: WebSocket, { url = "" }: IncomingMessage): void {
    const { searchParams } = new URL(url, "http://localhost");
    const isJson = searchParams.get("envelope_format") === "json";
    client.on("close", () => this.#clients.delete(client)).on("error", () => undefined);
    if (this.schema === undefined) return;
    client.send(isJson ? JSON.stringify(this.schema) : packr.pack(this.schema));
    this.#clients.set(client, { isJson });
    const start = searchParams.get("start");
    if (start === null) return;
    for (const kept of this.#kept) if (kept.sequence >= Number(start)) this.#give(client, isJson, kept);
  }

  #give(client: WebSocket, isJson: boolean, { sequence, fields }: Kept): void {
    if (fields === "end") {
      client.close(1000, "Producer ended stream");
      return;
    }
    const message = { ...fields, sequence };
    client.send(isJson ? JSON.stringify(message) : packr.pack(message));
  }
}

/** The schema of arrays of uint16. */
export const UINT16: Fields = {
  type: "array-schema",
  version: 1,
  data_type: { endianness: "little", kind: "u", itemsize: 2, dt_units: null },
};

/** Makes an update with an array of uint16 in one dimension. */
export function arrayData(values: readonly number[], envelope: "msgpack" | "json" = "msgpack"): Fields {
  const common = { type: "array-data", shape: [values.length], offset: [0], block: null };
  const timestamp = new Date().toISOString().replace("Z", "");
  if (envelope === "json") {
    const mimetype = "application/octet-stream";
    return { ...common, timestamp, mimetype, "content-type": "application/json", payload: values };
  }
  const payload = Buffer.from(Uint16Array.from(values).buffer);
  return { ...common, timestamp, mimetype: "application/octet-stream", payload };
}
