import { ArroyoError, ConnectionError, isRetryable, text, UsageError } from "../../errors.ts";

/** What a server says when it cannot now and may later: it loads, fails over, moves slots, is full, or was told to wait. */
const LATER =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|OOM|MISCONF|UNBLOCKED|MOVED|ASK|NOGROUP)\b/;
const NO_ENTRY = /^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH|ERR invalid password)/;
const TLS = /certificate|self.signed|altname|wrong version number|ssl routines/i;
const LOST = /connection is closed|stream isn't writeable|max retries|all sentinels|slots cache|startup nodes|socket/i;

/** Decides, for the whole transport, whether trying again can help, and says what to do where it cannot. */
export function redisError(subject: string, place: string, error: unknown): ArroyoError {
  if (error instanceof ArroyoError) return error;
  const said = saidBy(error);
  if (LATER.test(said)) return new ConnectionError(`${subject}: ${place} can't now: ${said}`, { cause: error });
  if (NO_ENTRY.test(said)) {
    return new UsageError(
      `${subject}: ${place} does not let us: ${said}; check username and password, and what the user may do (ACL)`,
      { cause: error },
    );
  }
  if (said.startsWith("WRONGTYPE")) {
    return new UsageError(`${subject}: ${place}: the key holds something else: ${said}; use another name`, {
      cause: error,
    });
  }
  if (TLS.test(said)) {
    return new UsageError(
      `${subject}: TLS with ${place} does not come about: ${said.trim()}; correct tls (ca, cert, key, servername), or ` +
        "the port",
      { cause: error },
    );
  }
  if (isRetryable(error) || LOST.test(said) || isTimeout(error)) {
    return new ConnectionError(`${subject}: no connection to ${place}: ${said}`, { cause: error });
  }
  return new UsageError(`${subject}: ${place} refused a command: ${said}`, { cause: error });
}

/** Tells whether a server does not know a command, or does not let us use it. */
export function isRefused(error: unknown): boolean {
  return /^(NOPERM|ERR unknown|ERR wrong number|ERR syntax)/i.test(saidBy(error));
}

/** A cluster gathers what its nodes said. */
function saidBy(error: unknown): string {
  const last = (error as { lastNodeError?: unknown } | null)?.lastNodeError;
  if (last !== undefined && last !== null) return text(last);
  const said = text(error);
  const { code } = (error ?? {}) as { code?: unknown };
  return said === "" && typeof code === "string" ? code : said;
}

function isTimeout(error: unknown): boolean {
  return text(error).includes("timed out") || text(error).includes("ETIMEDOUT");
}
