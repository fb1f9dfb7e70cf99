import { UsageError } from "../../errors.ts";
import type { Asked, StreamPlace } from "./stream-place.ts";

/** Reads `ws://HOST:PORT/PATH`; what publishes is the server there. A token may stand behind: `?token=`. */
export function webSocketPlace(url: string, { command, purpose, waits }: Asked): StreamPlace {
  if (!URL.canParse(url)) {
    throw new UsageError(`${command}: "${url.replace(/\?.*$/, "")}" is no address; write ws://HOST:PORT/PATH`);
  }
  const parsed = new URL(url);
  const token = parsed.searchParams.get("token") ?? undefined;
  parsed.searchParams.delete("token");
  const shown = parsed.href;
  const place = { shown, secrets: token === undefined ? [] : [token], use: "websocket" };
  const secret = token === undefined ? {} : { token };
  if (purpose !== "publish") return { ...place, options: { url: shown, ...secret } };
  if (parsed.protocol === "wss:") {
    throw new UsageError(
      `${command}: ${shown}: to serve TLS a certificate is needed; write ws://, or a configuration with tls: { cert, key }`,
    );
  }
  if (parsed.port === "") throw new UsageError(`${command}: ${shown}: names no port; write ws://HOST:PORT/PATH`);
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const server = { host, port: Number(parsed.port), path: parsed.pathname, ...secret };
  // Each line was meant, and not only the newest.
  return { ...place, options: { ...server, waitForClients: waits ? 1 : 0, overflow: "drop-oldest" } };
}
