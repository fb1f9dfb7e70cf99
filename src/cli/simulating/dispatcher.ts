import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SystemSocket } from "./systems.ts";

/** Says what a dispatcher gives. */
export interface Dispatching {
  /** 0 takes a free one. */
  readonly port: number;
  readonly socket: SystemSocket;
  readonly channels: readonly string[];
  /** The address at which the stream is read; undefined while there is none. */
  readonly stream: () => string | undefined;
}

/** Is a dispatcher that answers. */
export interface DispatcherServer {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MAX_BYTES = 64 * 1024;

/** Answers as a dispatcher does: whoever asks for channels at `/stream` is given the address of their stream. */
export async function serveDispatcher(dispatching: Dispatching): Promise<DispatcherServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    void answer(request, response, dispatching).catch(() => response.destroy());
  });
  server.maxConnections = 64;
  server.listen(dispatching.port, HOST);
  await once(server, "listening");
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, dispatching: Dispatching): Promise<void> {
  const say = (status: number, words: string): void => {
    response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`${words}\n`);
  };
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (!pathname.endsWith("/stream")) return say(404, "ask at /stream");
  // Everybody reads the same stream, which ends with the simulation.
  if (request.method === "DELETE") return say(200, "");
  if (request.method !== "POST") return say(405, "POST the channels, or DELETE a stream");
  const asked = await bodyOf(request);
  if (asked === undefined) return say(413, `at most ${MAX_BYTES} bytes`);
  const wrong = whatIsWrong(asked, dispatching);
  if (wrong !== undefined) return say(400, wrong);
  const address = dispatching.stream();
  if (address === undefined) return say(503, "the stream is not there yet");
  const stream = address.replace(/^tcp:\/\/(?:\*|0\.0\.0\.0|\[::\]):/, `tcp://${HOST}:`);
  response.writeHead(200, { "content-type": "application/json", connection: "close" }).end(JSON.stringify({ stream }));
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Says what of a request cannot be given; undefined where all of it can. */
function whatIsWrong(body: string, { socket, channels: known }: Dispatching): string | undefined {
  let asked: { readonly channels?: unknown; readonly streamType?: unknown } | null;
  try {
    asked = JSON.parse(body) as typeof asked;
  } catch {
    return "the request is no JSON";
  }
  const { channels, streamType } = typeof asked === "object" && asked !== null ? asked : {};
  if (!Array.isArray(channels) || channels.length === 0) return "channels: expected a list";
  for (const channel of channels as ({ name?: unknown } | null)[]) {
    if (!known.includes(channel?.name as string)) {
      return `there is no channel ${JSON.stringify(channel?.name)?.slice(0, 100)}; there are ${known.join(", ")}`;
    }
  }
  const type = socket === "push" ? "push_pull" : "pub_sub";
  return streamType === undefined || streamType === type ? undefined : `streamType: this stream is ${type}`;
}
