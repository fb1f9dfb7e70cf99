import { ArroyoError, ConnectionError, isRetryable, text, UsageError } from "../../errors.ts";

/** What a broker says when it can't now and may later: it goes down, is out of something, or another one is still there. */
const LATER_CODES: ReadonlySet<unknown> = new Set([320, 405, 501, 506, 541]);
const LATER =
  /inaccessible|home node|is down|is stopped|timed out|timeout|unknown delivery tag|in exclusive use|noproc|not running|unavailable|not have a replica/i;
const LOST =
  /socket closed|unexpected close|heartbeat|channel ended|channel closed|channel closing|connection clos|etimedout|socket hang|aborted/i;
const TLS = /certificate|self.signed|altname|wrong version number|ssl routines/i;
const TOO_LARGE = /message size (\d+).*?larger than (?:configured )?max(?:imum)? size (\d+)/i;

/** Decides, for the whole transport, whether trying again can help, and says what to do where it can't. */
export function amqpError(subject: string, place: string, error: unknown): ArroyoError {
  if (error instanceof ArroyoError) return error;
  const said = saidBy(error);
  const code = (error as { code?: unknown } | null)?.code;
  const options = { cause: error };
  if (LATER_CODES.has(code) || (typeof code === "number" && LATER.test(said))) {
    return new ConnectionError(`${subject}: ${place} can't now: ${said}`, options);
  }
  if (typeof code !== "number" && TLS.test(said)) {
    return new UsageError(
      `${subject}: TLS with ${place} does not come about: ${said.trim()}; correct tls (ca, cert, key, servername), or ` +
        "the port",
      options,
    );
  }
  const large = TOO_LARGE.exec(said);
  if (large !== null) return tooLarge(subject, place, Number(large[1]), Number(large[2]), options);
  if (/403|ACCESS[-_]REFUSED/.test(said)) {
    return new UsageError(
      `${subject}: ${place} does not let us: ${said}; check username and password, and what the user may configure, ` +
        "write and read (rabbitmqctl set_permissions)",
      options,
    );
  }
  if (code === 404) {
    return new UsageError(`${subject}: ${place}: ${said}; make it, or let "declare" make it`, options);
  }
  if (code === 406 && /inequivalent/.test(said)) {
    return new UsageError(
      `${subject}: ${place}: it is there already, and made otherwise: ${said}; say what it is, leave "declare" out to ` +
        "take it as it is, or delete it",
      options,
    );
  }
  if (code === 530 || /ConnectionClose/.test(said)) {
    return new UsageError(
      `${subject}: ${place} let us in and closed at once (${said}); check that the virtual host is there and that the ` +
        "user may use it (rabbitmqctl list_vhosts, list_permissions)",
      options,
    );
  }
  if (isRetryable(error) || (typeof code !== "number" && LOST.test(said))) {
    return new ConnectionError(`${subject}: no connection to ${place}: ${said}`, options);
  }
  return new UsageError(`${subject}: ${place} refused: ${said}`, options);
}

/** Names the broker's limit and how it is raised. */
export function tooLarge(
  subject: string,
  place: string,
  bytes: number,
  most: number,
  options?: { cause?: unknown },
): UsageError {
  return new UsageError(
    `${subject}: a message has ${bytes} bytes, and the max_message_size of ${place} is ${most}; raise it in ` +
      `rabbitmq.conf: max_message_size = ${2 ** Math.ceil(Math.log2(bytes))}`,
    options,
  );
}

/** Gives the broker's limit where an error names it. */
export function limitIn(error: unknown): number | undefined {
  const large = TOO_LARGE.exec(saidBy(error));
  return large === null ? undefined : Number(large[2]);
}

function saidBy(error: unknown): string {
  const said = text(error);
  const { code } = (error ?? {}) as { code?: unknown };
  return said === "" && code !== undefined ? String(code) : said;
}
