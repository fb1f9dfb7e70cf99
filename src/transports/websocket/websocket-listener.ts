import { ConnectionError, UsageError } from "../../errors.ts";
import { type Inlet, Listener, platformInlet } from "../../listener/listener.ts";
import { checkedCodec } from "../../message/checked-codec.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS, type Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { shown } from "../../options/option-check.ts";
import { Link, type WebSocketClientTls } from "./link.ts";
import { loadWs, type Ws } from "./load-ws.ts";
import { OptionCheck } from "./option-check.ts";
import { SUBPROTOCOLS } from "./subprotocols.ts";
import { type TiledNode, TiledReading } from "./tiled-node.ts";

/** Says what a `WebSocketListener` connects to, and how. */
export interface WebSocketListenerOptions<M extends AnyMessage = Message> {
  /** The address of the other side: `ws://HOST:PORT/PATH` or `wss://...`. */
  readonly url: string;
  /** The form of the bytes; default native. */
  readonly codec?: Codec;
  /** Subprotocols to offer, the other side takes one; `[]` for none. Default: that of the codec, if it has one. */
  readonly protocols?: readonly string[];
  /** The token of the other side, sent as a bearer. Default: none. */
  readonly token?: string;
  /** More headers for the handshake. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: WebSocketClientTls;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
  /** Bytes of one message, from 1 on; a larger one ends the connection. Default: the block's limit. */
  readonly maxMessageBytes?: number;
  /** Reads the stream of a node of a Tiled server, whose address is `url`; with `codec: tiledCodec`. Default: none. */
  readonly tiled?: TiledNode;
  /**
   * Whether the source ends when the other side closes normally (code 1000). Default false: it connects again; with
   * `tiled`, where that means that the producer ended the stream, true.
   */
  readonly endOnClose?: boolean;
  /** Milliseconds between two pings; a side that answers none until the next is gone. 0: never. Default 15 000. */
  readonly pingMs?: number;
  /** How long connecting may take, in milliseconds, from 1 on. Default 10 000. */
  readonly connectTimeoutMs?: number;
}

const OPTIONS = [
  "url",
  "codec",
  "protocols",
  "token",
  "headers",
  "tls",
  "expect",
  "maxMessageBytes",
  "tiled",
  "endOnClose",
  "pingMs",
  "connectTimeoutMs",
] as const;
const SUBJECT = "WebSocketListener";
const PING_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Brings in what a WebSocket sends: another block's publisher, or any other server. */
export class WebSocketListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "none";
  override readonly codec: Codec;
  readonly #options: WebSocketListenerOptions<M>;
  readonly #protocols: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #maxMessageBytes: number | undefined;
  readonly #pingMs: number;
  readonly #connectTimeoutMs: number;
  readonly #tiled: TiledReading | undefined;
  readonly #endOnClose: boolean;
  #isStarted = false;
  /** A refusal that comes after it was let in once may pass; before, it is a mistake in the options. */
  #wasLetIn = false;

  constructor(options: WebSocketListenerOptions<M>) {
    super();
    const check = new OptionCheck(SUBJECT, options, OPTIONS);
    const url = check.text("url");
    if (url === undefined || !isAddress(url)) throw check.fault("url", "expected ws://HOST:PORT or wss://HOST:PORT");
    const token = check.text("token");
    if (options.expect !== undefined && typeof options.expect !== "function") {
      throw new UsageError(`${SUBJECT}: expect: expected a function of a message, got ${shown(options.expect)}`);
    }
    this.#endOnClose = check.oneOf("endOnClose", options.tiled !== undefined, [true, false]);
    this.#tiled = options.tiled === undefined ? undefined : new TiledReading(SUBJECT, url, options.tiled);
    if (this.#tiled !== undefined && options.codec === undefined) {
      throw new UsageError(
        `${SUBJECT}: tiled: needs codec: tiledCodec of arroyojs/formats/tiled; in YAML: codec: tiled`,
      );
    }
    if (this.#tiled?.headers["authorization"] !== undefined && token !== undefined) {
      throw new UsageError(`${SUBJECT}: has token and tiled.apiKey; a Tiled server takes one of them, leave one out`);
    }
    this.#maxMessageBytes = options.maxMessageBytes === undefined ? undefined : check.whole("maxMessageBytes", 1, 1);
    this.#pingMs = check.whole("pingMs", PING_MS, 0);
    this.#connectTimeoutMs = check.whole("connectTimeoutMs", CONNECT_TIMEOUT_MS, 1);
    this.#options = options;
    const codec = checkedCodec(options.codec ?? nativeCodec, options.expect, undefined);
    this.codec = this.#tiled?.followed(codec) ?? codec;
    this.#protocols = check.texts("protocols") ?? protocolsOf(options.codec ?? nativeCodec);
    this.#headers = {
      ...options.headers,
      ...this.#tiled?.headers,
      ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }),
    };
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw new UsageError(`${SUBJECT}: is started already; make another one for another block`);
    if (signal.aborted) return;
    this.#isStarted = true;
    try {
      const { WebSocket } = await loadWs(SUBJECT);
      if (signal.aborted) return;
      await (this.#tiled === undefined
        ? this.#read(WebSocket, this.#options.url, inlet, signal)
        : this.#readTiled(this.#tiled, WebSocket, inlet, signal));
    } finally {
      this.#isStarted = false;
    }
  }

  async #read(
    WebSocket: Ws["WebSocket"],
    url: string,
    inlet: Inlet<M>,
    signal: AbortSignal,
    heard: () => void = () => undefined,
  ): Promise<void> {
    const platform = platformInlet(inlet);
    const limits: Limits = platform?.limits ?? DEFAULT_LIMITS;
    const link = new Link(WebSocket, {
      subject: SUBJECT,
      url,
      protocols: this.#protocols,
      headers: this.#headers,
      tls: this.#options.tls,
      maxBytes: Math.min(this.#maxMessageBytes ?? limits.maxMessageBytes, limits.maxMessageBytes),
      connectTimeoutMs: this.#connectTimeoutMs,
      pingMs: this.#pingMs,
      endOnClose: this.#endOnClose || this.#tiled !== undefined,
      wasLetIn: this.#wasLetIn,
      secret: this.#tiled === undefined ? "token" : "tiled.apiKey",
      opened: () => {
        this.#wasLetIn = true;
        inlet.ready();
        platform?.connected(true);
      },
      closed: () => platform?.connected(false),
      take: (bytes) => {
        heard();
        return inlet.putFrames(bytes);
      },
    });
    await link.run(signal);
  }

  /** Reads a node from where an earlier attempt came to, and says so where its producer ended the stream. */
  async #readTiled(
    tiled: TiledReading,
    WebSocket: Ws["WebSocket"],
    inlet: Inlet<M>,
    signal: AbortSignal,
  ): Promise<void> {
    const mute = new AbortController();
    const late = setTimeout(() => mute.abort(), 2 * this.#connectTimeoutMs);
    const ended = AbortSignal.any([signal, mute.signal]);
    try {
      await this.#read(WebSocket, tiled.url, inlet, ended, () => clearTimeout(late));
    } finally {
      clearTimeout(late);
    }
    if (signal.aborted) return;
    if (mute.signal.aborted) {
      throw new ConnectionError(
        `${SUBJECT}: the server took the connection, and no schema came; if it asks for a key, give tiled.apiKey`,
      );
    }
    await inlet.putFrames(tiled.end);
    tiled.ended();
    if (this.#endOnClose) return;
    throw new ConnectionError(`${SUBJECT}: the producer ended the stream; waiting for more of it`);
  }
}

function isAddress(url: string): boolean {
  return URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol) && new URL(url).hash === "";
}

function protocolsOf({ name }: Codec): readonly string[] {
  if (name === nativeCodec.name) return [SUBPROTOCOLS.native];
  return name === "json" ? [SUBPROTOCOLS.json] : [];
}
