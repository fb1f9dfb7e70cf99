import { ConnectionError, text, UsageError } from "../../errors.ts";
import { checkNames, shown, wholeNumber } from "../../options/option-check.ts";
import { readAddress } from "./address.ts";
import { boundedText } from "./bounded-text.ts";

/** Says which channels a dispatcher shall send, and how it is asked. */
export interface ZmqDispatcher {
  /** The address of the dispatcher: `http://HOST:PORT/BASE` or `https://`; it is asked at `BASE/stream`. */
  readonly url: string;
  /** The channels: names, or each with what the dispatcher knows of it, as `{ name, modulo, offset }`. */
  readonly channels: readonly (string | { readonly name: string; readonly [setting: string]: unknown })[];
  /** More for the dispatcher, beside `channels` and `streamType`, as it has it: `{ verify: true }`. Default: nothing. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** More headers of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long it may take to be given an address, and then to be connected to it, in ms, from 1 on; default 10 000. */
  readonly timeoutMs?: number;
}

/** Is a stream that a dispatcher made for us. */
export interface DispatchedStream {
  readonly address: string;
  /** Tells the dispatcher that it is not read any more; never fails, and never takes long. */
  release(): Promise<void>;
}

const NAMES = ["url", "channels", "request", "headers", "timeoutMs"];
const TIMEOUT_MS = 10_000;
const RELEASE_MS = 2000;
/** An answer is one address. */
const MAX_BYTES = 64 * 1024;
const MAX_SAID = 200;
const TOO_MANY_REQUESTS = 429;
const REQUEST_TIMEOUT = 408;

/** Asks a dispatcher for the address of a stream of channels. */
export class Dispatcher {
  readonly timeoutMs: number;
  readonly #subject: string;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #request: string;
  /** What a dispatcher says that answered before is its state; before, it may be a mistake in the options. */
  #hasAnswered = false;

  constructor(subject: string, given: unknown, streamType: "push_pull" | "pub_sub") {
    this.#subject = `${subject}: dispatcher`;
    checkNames(this.#subject, given, NAMES);
    const { url, channels, request = {}, headers = {}, timeoutMs } = given as Partial<ZmqDispatcher>;
    this.#url = this.#streamsOf(url);
    this.timeoutMs = wholeNumber(this.#subject, "timeoutMs", timeoutMs, TIMEOUT_MS, 1);
    if (typeof request !== "object" || request === null || Array.isArray(request)) {
      throw new UsageError(`${this.#subject}: request: expected an object, got ${shown(request)}`);
    }
    this.#headers = this.#checkedHeaders(headers);
    this.#request = JSON.stringify({ ...request, channels: this.#channelsOf(channels), streamType });
  }

  /** Asks for a stream; what comes of it is an address of TCP, or an error that says whether asking again can help. */
  async ask(signal: AbortSignal): Promise<DispatchedStream> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.timeoutMs)]);
    const said = await this.#answer(within, signal);
    const address = this.#addressIn(said);
    this.#hasAnswered = true;
    return { address, release: () => this.#release(address) };
  }

  async #answer(within: AbortSignal, signal: AbortSignal): Promise<string> {
    let response: Response;
    try {
      response = await this.#send("POST", "application/json", this.#request, within);
    } catch (error) {
      if (signal.aborted) throw error;
      const why = within.aborted ? `no answer within ${this.timeoutMs} ms` : reasonOf(error);
      throw this.#fault(`${why}; is it running, and is the address right?`, true, error);
    }
    const { status } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel().catch(() => undefined);
      throw this.#fault(`sends us elsewhere (status ${status}), which is not followed; name the address itself`, false);
    }
    let said: string | undefined;
    try {
      said = await boundedText(response, MAX_BYTES);
    } catch (error) {
      if (signal.aborted) throw error;
      const why = within.aborted ? `its answer was not over after ${this.timeoutMs} ms` : reasonOf(error);
      throw this.#fault(`${why}; try again`, true, error);
    }
    if (said === undefined) throw this.#fault(`answers with more than ${MAX_BYTES} bytes; is it a dispatcher?`, false);
    if (response.ok) return said;
    const passes = status >= 500 || status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS;
    const told = printable(said);
    throw this.#fault(
      `answers with status ${status}${told === "" ? "" : `: ${told}`}; look at url and channels`,
      passes,
    );
  }

  #addressIn(said: string): string {
    let answer: unknown;
    try {
      answer = JSON.parse(said);
    } catch {
      throw this.#fault(`answers with what is no JSON: ${printable(said)}; is it a dispatcher?`, false);
    }
    const stream = typeof answer === "object" && answer !== null ? (answer as { stream?: unknown }).stream : undefined;
    if (typeof stream !== "string") {
      throw this.#fault(`its answer has no address under "stream": ${printable(said)}; is it a dispatcher?`, false);
    }
    try {
      if (readAddress(this.#subject, "connect", stream).transport === "tcp") return stream;
    } catch {
      // Said below.
    }
    throw this.#fault(
      `gives ${printable(stream)}, which is no address such as tcp://HOST:PORT; ask who runs it`,
      false,
    );
  }

  async #release(address: string): Promise<void> {
    try {
      const response = await this.#send("DELETE", "text/plain", address, AbortSignal.timeout(RELEASE_MS));
      await response.body?.cancel();
    } catch {
      // A dispatcher gives up by itself what nobody reads.
    }
  }

  #send(method: string, type: string, body: string, signal: AbortSignal): Promise<Response> {
    const headers = { ...this.#headers, "content-type": type };
    return fetch(this.#url, { method, headers, body, signal, redirect: "manual" });
  }

  #fault(what: string, isPassing: boolean, cause?: unknown): ConnectionError {
    const { origin, pathname } = new URL(this.#url);
    return new ConnectionError(`${this.#subject}: ${origin}${pathname}: ${what}`, {
      ...(cause === undefined ? undefined : { cause }),
      retryable: isPassing || this.#hasAnswered,
    });
  }

  #streamsOf(url: unknown): string {
    const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.hash !== "") {
      throw new UsageError(`${this.#subject}: url: expected http://HOST:PORT/BASE or https://, got ${shown(url)}`);
    }
    if (parsed.username !== "" || parsed.password !== "") {
      throw new UsageError(`${this.#subject}: url: has a name or a password; give them by headers`);
    }
    parsed.pathname = `${parsed.pathname.replace(/\/+$/, "")}/stream`;
    return parsed.href;
  }

  #channelsOf(channels: unknown): readonly object[] {
    if (!Array.isArray(channels) || channels.length === 0) {
      throw new UsageError(`${this.#subject}: channels: expected a list of names, got ${shown(channels)}`);
    }
    return channels.map((channel: unknown, index) => {
      const named = typeof channel === "string" ? { name: channel } : (channel as { name?: unknown } | null);
      if (typeof named === "object" && typeof named?.name === "string" && named.name !== "") return named;
      throw new UsageError(
        `${this.#subject}: channels[${index}]: expected a name, or an object with one, got ${shown(channel)}`,
      );
    });
  }

  #checkedHeaders(headers: unknown): Readonly<Record<string, string>> {
    const isTable = typeof headers === "object" && headers !== null && !Array.isArray(headers);
    if (isTable && Object.values(headers).every((value) => typeof value === "string")) {
      return headers as Readonly<Record<string, string>>;
    }
    // A header may be a secret.
    throw new UsageError(`${this.#subject}: headers: expected texts by name`);
  }
}

/** fetch hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? text(error) : text(cause);
}

/** What the other side says stands in a log. */
function printable(said: string): string {
  const short = said.trim().slice(0, MAX_SAID);
  return short === "" ? "" : JSON.stringify(short);
}
