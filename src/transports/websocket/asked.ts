import { get as getPlain, type IncomingMessage } from "node:http";
import { get as getSecure } from "node:https";

/** Is what a server answered. */
export interface Answer {
  readonly status: number;
  /** Its first words; empty where it became a WebSocket. */
  readonly body: string;
}

/** What an answer may have to say. */
const MOST_BYTES = 4 * 1024;
const MOST_LETTERS = 200;

/** Asks a server by HTTP, and hangs up whatever it answers. */
export function asked(
  url: URL,
  { headers, tls }: { readonly headers: Readonly<Record<string, string>>; readonly tls: unknown },
  signal: AbortSignal,
): Promise<Answer> {
  const target = new URL(url.href.replace(/^ws/, "http"));
  const get = target.protocol === "https:" ? getSecure : getPlain;
  return new Promise((resolve, reject) => {
    const request = get(target, { headers: { ...headers }, signal, agent: false, ...(tls as object | undefined) });
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, body: "" });
    });
    request.on("response", (response) => {
      bodyOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.on("error", reject);
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > MOST_BYTES) break;
  }
  response.destroy();
  return body.slice(0, MOST_LETTERS).trim();
}
