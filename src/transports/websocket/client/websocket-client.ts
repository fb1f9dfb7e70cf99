import { readJsonMessage, readMsgpackMessage } from "./document.ts";
import { type LiveEvent, LiveFormatError, type LiveMessage, type LiveStart, type SignOfLife } from "./messages.ts";
import { readNativeMessage } from "./native.ts";
import { OpenRuns } from "./open-runs.ts";

/** Is what is used of a browser's WebSocket. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  close(code?: number): void;
}

/** Makes WebSockets; that of every browser, or another implementation. */
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

/** Says how a client connects. */
export interface WebSocketClientOptions {
  /** The form of what is sent. Default `native`, the cheapest for the publisher; `json` can be read by a person. */
  readonly format?: "native" | "msgpack" | "json";
  /** The token of the publisher. Default: none. */
  readonly token?: string;
  /** Whether it connects again when the connection is lost. Default true. */
  readonly reconnect?: boolean;
  /** The longest pause before it connects again, in milliseconds, from 1 on; the first is 200. Default 5 000. */
  readonly reconnectMaxMs?: number;
  /** With `native`: how long nothing may come while a run is open before it connects again; 0: any time. Default 10 000. */
  readonly silenceMs?: number;
  /** The class to connect with. Default: the global `WebSocket`. */
  readonly WebSocket?: WebSocketClass;
}

/** Names what a client does at the moment; `waiting` is the pause before it connects again. */
export type ClientState = "connecting" | "open" | "waiting" | "closed";

/** What a client tells: each name with what its listeners get. */
export interface ClientEvents {
  /** Every message, in order. */
  message: LiveMessage;
  start: LiveStart;
  event: LiveEvent;
  stop: Extract<LiveMessage, { readonly type: "stop" }>;
  state: ClientState;
  /** Something that a person should know: a connection that ended, a message that could not be read. */
  problem: string;
}

const FIRST_PAUSE_MS = 200;
const PAUSE_MS = 5_000;
const SILENCE_MS = 10_000;
/** The Starts of the open runs come at once; after this, no more of them are expected. */
const SETTLE_MS = 1_000;
const TOKEN_PREFIX = "arroyo.token.";

/**
 * Shows a browser what a `WebSocketPublisher` sends: connects, and connects again; begins with the open runs and the
 * newest event; gives each run one Start and one Stop; counts what it was not given.
 */
export class WebSocketClient {
  readonly url: string;
  readonly #format: "native" | "msgpack" | "json";
  readonly #protocols: readonly string[];
  readonly #reconnect: boolean;
  readonly #longestPauseMs: number;
  readonly #silenceMs: number;
  readonly #class: WebSocketClass;
  readonly #runs = new OpenRuns();
  readonly #listeners = new Map<string, Set<(news: never) => void>>();
  #state: ClientState = "connecting";
  #latest: LiveEvent | undefined;
  #socket: WebSocketLike | undefined;
  #attempts = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Connects at once; give the listeners in the same turn. */
  constructor(url: string | URL, options: WebSocketClientOptions = {}) {
    const { format = "native", token, reconnect = true, reconnectMaxMs = PAUSE_MS, silenceMs = SILENCE_MS } = options;
    const found = options.WebSocket ?? (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;
    if (found === undefined)
      throw new TypeError("WebSocketClient: there is no WebSocket here; give the option WebSocket");
    this.url = String(url);
    this.#class = found;
    this.#format = format;
    this.#reconnect = reconnect;
    this.#longestPauseMs = reconnectMaxMs;
    this.#silenceMs = format === "native" ? silenceMs : 0;
    this.#protocols = [`arroyo.${format}`, ...(token === undefined ? [] : [TOKEN_PREFIX + base64url(token)])];
    this.#connect();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The Starts of the runs that are open. */
  get runs(): ReadonlyMap<string, LiveStart> {
    return this.#runs.starts;
  }

  /** The newest event. */
  get latest(): LiveEvent | undefined {
    return this.#latest;
  }

  /** Events that were published and that this client was not given. */
  get missed(): number {
    return this.#runs.missed;
  }

  /** Listens; gives what ends the listening. */
  on<E extends keyof ClientEvents>(name: E, listener: (news: ClientEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Ends the connection for good; a second call does nothing. */
  close(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#pause);
    this.#drop();
    this.#enter("closed");
  }

  #connect(): void {
    let socket: WebSocketLike;
    try {
      socket = new this.#class(this.url, [...this.#protocols]);
    } catch (error) {
      this.#state = "closed";
      throw error;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = (event: { readonly data: unknown }) => this.#came(event.data);
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
      const why = reason === "" ? `code ${code}` : `${reason} (code ${code})`;
      this.#lost(this.#state === "open" ? `the connection ended: ${why}` : `cannot connect to ${this.url}`);
    };
    // A browser says nothing about errors but that there was one; the close follows.
    socket.onerror = () => undefined;
  }

  #opened(): void {
    this.#attempts = 0;
    this.#enter("open");
    this.#settling = setTimeout(() => this.#tell(this.#runs.settle()), SETTLE_MS);
    this.#listen();
  }

  #came(data: unknown): void {
    this.#listen();
    let message: LiveMessage | SignOfLife;
    try {
      message = this.#read(data);
    } catch (error) {
      if (!(error instanceof LiveFormatError)) throw error;
      this.#emit("problem", `a message could not be read: ${error.message}`);
      return;
    }
    this.#tell(this.#runs.take(message));
    this.#listen();
  }

  #read(data: unknown): LiveMessage | SignOfLife {
    if (typeof data === "string") return readJsonMessage(data);
    if (!(data instanceof ArrayBuffer)) throw new LiveFormatError("neither text nor bytes");
    const bytes = new Uint8Array(data);
    return this.#format === "native" ? readNativeMessage(bytes) : readMsgpackMessage(bytes);
  }

  #tell(messages: readonly LiveMessage[]): void {
    for (const message of messages) {
      if (message.type === "event") this.#latest = message;
      this.#emit("message", message);
      this.#emit(message.type, message as never);
    }
  }

  /** While a run is open, the publisher gives a sign of life each second. */
  #listen(): void {
    clearTimeout(this.#silence);
    if (this.#silenceMs === 0 || this.#runs.starts.size === 0 || this.#state !== "open") return;
    this.#silence = setTimeout(() => this.#lost(`nothing came for ${this.#silenceMs} ms`), this.#silenceMs);
  }

  #lost(why: string): void {
    this.#drop();
    this.#runs.lost();
    this.#emit("problem", why);
    if (!this.#reconnect) {
      this.#enter("closed");
      return;
    }
    // A listener may have closed it.
    if (this.#state === "closed") return;
    this.#enter("waiting");
    const longest = Math.min(this.#longestPauseMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#attempts, 16));
    this.#attempts += 1;
    // Not all at once, when a publisher with many clients comes back.
    this.#pause = setTimeout(() => this.#again(), longest * (0.5 + Math.random() / 2));
  }

  #again(): void {
    if (this.#state !== "waiting") return;
    this.#enter("connecting");
    this.#connect();
  }

  #drop(): void {
    clearTimeout(this.#settling);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = () => undefined;
    socket.close();
  }

  #enter(state: ClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("state", state);
  }

  #emit<E extends keyof ClientEvents>(name: E, news: ClientEvents[E]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (news: ClientEvents[E]) => void)(news);
      } catch (error) {
        // Told as any uncaught error is; the other listeners get theirs.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function base64url(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
