import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Is what somebody asked of a dispatcher. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers one request. */
export type Reply = (response: ServerResponse, asked: Asked) => void;

/** Is a dispatcher as its users describe it: POST BASE/stream gives an address, DELETE takes it back. */
export class TestDispatcher implements AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #reply: Reply;

  private constructor(server: Server, reply: Reply) {
    this.#server = server;
    this.#reply = reply;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sf`;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async open(reply: Reply | string): Promise<TestDispatcher> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TestDispatcher(server, replyOf(reply));
  }

  /** Answers otherwise from now on. */
  reply(reply: Reply | string): void {
    this.#reply = replyOf(reply);
  }

  /** The requests of a method. */
  of(method: string): readonly Asked[] {
    return this.asked.filter((one) => one.method === method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url: path = "", headers } = request;
    const asked = { method, path, type: headers["content-type"], headers, body: Buffer.concat(chunks).toString() };
    this.asked.push(asked);
    if (method === "POST") this.#reply(response, asked);
    else response.end();
  }
}

/** A text is the address of the stream that everybody is given. */
function replyOf(reply: Reply | string): Reply {
  return typeof reply === "string" ? (response) => void response.end(JSON.stringify({ stream: reply })) : reply;
}
