import { randomBytes } from "node:crypto";
import type { Examination } from "../../checkup/finding.ts";
import { listenBriefly, speaksTls } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import { hungUp } from "../../checkup/trouble.ts";
import { isLoopback } from "./admission.ts";
import { type Answer, asked } from "./asked.ts";
import { loadWs } from "./load-ws.ts";

type Options = Readonly<Record<string, unknown>>;

/** A subprotocol that nobody has: a publisher of ours lets nobody in by it, so that none takes the probe for a client. */
const PROBE = "arroyo.doctor";

/** Checks that the port of a publisher is free. */
export async function checkWebSocketPublisher(options: Options, { tell }: Examination): Promise<void> {
  await loadWs("websocket");
  const { port, host = "127.0.0.1", tls, token } = options;
  const name = String(host);
  const place = `${name.includes(":") ? `[${name}]` : name}:${String(port)}`;
  const report = new Report(`websocket ${tls === undefined ? "ws" : "wss"}://${place}`, tell);
  try {
    await listenBriefly({ host: name, port: Number(port) });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EADDRINUSE") {
      return report.error(
        "is in use",
        "choose another port, or 0 for a free one; if this configuration runs there now, nothing is wrong",
      );
    }
    if (code === "EACCES") return report.error("this user may not listen there", "choose a port above 1023");
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      return report.error("is no address of this computer", "change host");
    }
    throw error;
  }
  if (!isLoopback(name) && token === undefined) {
    return report.warning("everybody on the network may read it", "give a token, or listen on 127.0.0.1");
  }
  report.ok(Number(port) === 0 ? "takes a free port" : "is free to listen on");
}

/** Checks that a WebSocket answers at an address, and lets us in. */
export async function checkWebSocketListener(options: Options, { own, signal, tell }: Examination): Promise<void> {
  await loadWs("websocket");
  if (options["tiled"] !== undefined) return checkTiled(options, tell, signal);
  const url = new URL(String(options["url"]));
  const shown = `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`;
  const report = new Report(`websocket ${shown}`, tell);
  let answer: Answer;
  try {
    answer = await asked(url, knocking(options), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (own.size > 0 && (error as { code?: unknown }).code === "ECONNREFUSED") {
      return report.ok("is served by a publisher of this configuration, which does not run now");
    }
    const where = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) };
    if (url.protocol === "ws:" && hungUp(error) && (await speaksTls(where, signal))) {
      return report.error("hangs up: TLS is spoken at this port", "write wss://");
    }
    return report.failed(error);
  }
  const { status, body } = answer;
  // A publisher of ours looks at path and token first, and at the subprotocol last.
  if (status === 101 || (status === 400 && body.includes("subprotocol")))
    return report.ok("a WebSocket answers and lets us in");
  if (status === 401)
    return report.error("the token is missing or wrong (401)", "give the token that the other side has");
  if (status === 403)
    return report.error(`it does not let us in (403): ${body}`, "look at what it asks for: token, headers");
  if (status === 404) return report.error("there is nothing at this path (404)", "correct the path of the url");
  if (status === 503) return report.warning(`it is full (503): ${body}`, "raise maxClients there, or wait");
  report.error(`answers with HTTP ${status}, not as a WebSocket`, "correct host, port and path");
}

/** Asks a Tiled server for what it knows of the node; its stream is not opened. */
async function checkTiled(options: Options, tell: Examination["tell"], signal: AbortSignal): Promise<void> {
  const { path, apiKey } = options["tiled"] as { readonly path: string; readonly apiKey?: string };
  const url = new URL(String(options["url"]));
  const base = url.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
  const keys = path.split("/").filter((key) => key !== "");
  url.pathname = `${base}/api/v1/metadata/${keys.map(encodeURIComponent).join("/")}`;
  const report = new Report(`tiled ${url.host} ${path}`, tell);
  const headers = apiKey === undefined ? {} : { authorization: `Apikey ${apiKey}` };
  let status: number;
  try {
    ({ status } = await asked(url, { headers, tls: options["tls"] }, signal));
  } catch (error) {
    if (signal.aborted) throw error;
    return report.failed(error);
  }
  if (status === 200) return report.ok("the server has the node");
  if (status === 401 || status === 403) {
    return report.error(`the key is missing, wrong, or may not read it (${status})`, "give tiled.apiKey: !file PATH");
  }
  if (status === 404) return report.error("there is no such node (404)", "correct tiled.path, or url");
  report.error(`answers with HTTP ${status}, not as a Tiled server`, "correct url");
}

function knocking({ token, headers, tls }: Options): Parameters<typeof asked>[1] {
  return {
    tls,
    headers: {
      ...(headers as Readonly<Record<string, string>> | undefined),
      ...(token === undefined ? {} : { authorization: `Bearer ${String(token)}` }),
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-protocol": PROBE,
    },
  };
}
