import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { offeredToken } from "./subprotocols.ts";

/** Says who may connect. */
export interface AdmissionRules {
  readonly path: string;
  readonly token: string | undefined;
  /** Origins of web pages, or `*` for all; undefined for the rule that depends on the token. */
  readonly origins: readonly string[] | undefined;
}

/** Says why a client is turned away: an HTTP status, the reason for the client, and a name to count by. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 503;
  readonly reason: string;
}

/** Judges a handshake: undefined where the client may come in. */
export function refusalOf(request: IncomingMessage, rules: AdmissionRules): Refusal | undefined {
  const url = targetOf(request);
  if (url === undefined) return { status: 400, reason: "the address is not a path" };
  if (url.pathname !== rules.path) return { status: 404, reason: "there is nothing at this path" };
  const { origin } = request.headers;
  if (origin !== undefined && !isWelcome(origin, request.headers.host, rules)) {
    return { status: 403, reason: "pages of this origin are not allowed; name it in the option origins" };
  }
  if (rules.token !== undefined && !hasToken(request, url, rules.token)) {
    return { status: 401, reason: "the token is missing or wrong" };
  }
  return undefined;
}

/** Tells whether two secrets are the same, in a time that says nothing about them. */
export function isSameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function targetOf({ url = "" }: IncomingMessage): URL | undefined {
  // What begins with two slashes would be taken for a host.
  if (!url.startsWith("/") || url.startsWith("//")) return undefined;
  return URL.canParse(url, "ws://host") ? new URL(url, "ws://host") : undefined;
}

function hasToken({ headers }: IncomingMessage, url: URL, wanted: string): boolean {
  const [scheme = "", bearer] = (headers.authorization ?? "").split(" ", 2);
  const given = [
    scheme.toLowerCase() === "bearer" ? bearer : undefined,
    offeredToken(headers["sec-websocket-protocol"]),
    url.searchParams.get("token") ?? undefined,
  ];
  return given.some((token) => token !== undefined && isSameSecret(token, wanted));
}

/**
 * A browser lets every page connect to everything that it can reach, also to this computer. A token is nothing that a
 * foreign page has; without one, only pages of this computer, or of the same numeric address, are let in: a name could
 * be one that a foreign page made to lead here.
 */
function isWelcome(origin: string, host: string | undefined, { origins, token }: AdmissionRules): boolean {
  if (origins !== undefined) return origins.includes("*") || origins.includes(origin);
  if (token !== undefined) return true;
  const page = hostnameOf(origin);
  const here = host === undefined ? undefined : hostnameOf(`http://${host}`);
  if (page === undefined || here === undefined) return false;
  return (isLoopback(page) && isLoopback(here)) || (page === here && isIP(page) !== 0);
}

function hostnameOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  return new URL(origin).hostname.replace(/^\[|\]$/g, "");
}

/** Tells whether a host is this computer. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
