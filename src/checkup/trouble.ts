import { text } from "../errors.ts";

const LONGEST_CHAIN = 8;

const NO_TLS = /wrong version number|packet length too long|http request/i;
/** What of a long message says why a certificate is not taken. */
const CERTIFICATE =
  /(?:self-signed certificate(?: in certificate chain)?|unable to \w+ \w+(?: \w+)? certificate|certificate has expired|certificate is not yet valid|does not match certificate's altnames)/i;

/** What to do about what a system or TLS says, by its code or its words; the first that fits. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "start it there, or correct host and port"],
  [/ENOTFOUND|EAI_AGAIN|EAI_FAIL/, "correct the name of the host, or look at the name server"],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, "look at the network between here and there"],
  [
    /certificate|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME/i,
    "give the authority that signed it (tls.ca: !file PATH, or NODE_EXTRA_CA_CERTS), or correct the name of the host",
  ],
  [NO_TLS, "leave TLS out, or take the port that has it"],
  [/ENOENT/, "correct the path, or make it"],
  [/EACCES|EPERM/, "let this user do that"],
  [
    /ECONNRESET|EPIPE|hang up|socket closed|connection (is )?clos|closed abruptly|maxFrameSize|Parse Error/i,
    "perhaps another program listens there, or it wants TLS; correct host and port",
  ],
  [/ETIMEDOUT|timed out|timeout/i, "is a firewall in between, or is it overloaded? see also --timeout"],
];

/** What the system means, where its own words say little more than the code. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/\bECONNREFUSED\b/, "nobody listens there (ECONNREFUSED)"],
  [/\bENOTFOUND\b/, "there is no host of that name (ENOTFOUND)"],
  [/\bEAI_AGAIN\b/, "the name server does not answer (EAI_AGAIN)"],
  [/\bEHOSTUNREACH\b|\bENETUNREACH\b/, "no way leads there (EHOSTUNREACH)"],
  [NO_TLS, "no TLS is spoken there"],
];

/** Gives the message of an error, without its beginning that is known, on one line. */
export function troubleOf(error: unknown, prefix = ""): string {
  const words = wordsOf(error);
  const meaning = MEANINGS.find(([sign]) => sign.test(words))?.[1];
  if (meaning !== undefined) return meaning;
  const { cause } = (error ?? {}) as { cause?: unknown };
  // The one says only that something failed, and the other what.
  if (text(error) === "fetch failed" && cause instanceof Error) return troubleOf(cause, prefix);
  const certificate = CERTIFICATE.exec(words)?.[0];
  if (certificate !== undefined) return `its certificate is not accepted: ${certificate}`;
  const whole = text(error).trim() || String((error as { code?: unknown } | null)?.code ?? "failed without a word");
  const short = prefix !== "" && whole.startsWith(`${prefix}: `) ? whole.slice(prefix.length + 2) : whole;
  return short.replaceAll(/\s*\n\s*/g, ", ");
}

/** Says what to do about an error of the network or of TLS; undefined where it is none. */
export function adviceFor(error: unknown): string | undefined {
  const words = wordsOf(error);
  return ADVICE.find(([sign]) => sign.test(words))?.[1];
}

/** Tells whether the other side hung up without a word, as it does when it expects TLS. */
export function hungUp(error: unknown): boolean {
  return /ECONNRESET|EPIPE|hang up|socket closed|connection (is )?clos|closed abruptly|closed connection/i.test(
    wordsOf(error),
  );
}

function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let one = error, at = 0; typeof one === "object" && one !== null && at < LONGEST_CHAIN; at += 1) {
    const { code, message, cause, errors } = one as {
      code?: unknown;
      message?: unknown;
      cause?: unknown;
      errors?: unknown;
    };
    words.push(String(code ?? ""), String(message ?? ""));
    // Several addresses of one host were tried.
    one = Array.isArray(errors) ? (errors as unknown[])[0] : cause;
  }
  return words.join(" ");
}
