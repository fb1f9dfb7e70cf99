import { AbortedError, UsageError } from "../../errors.ts";
import type { Codec, Writer } from "../../message/codec.ts";
import { jsonCodec } from "../../message/json-codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { joined } from "../../message/native/joined.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import { isHeader } from "../../message/native/prelude.ts";
import { Publisher } from "../../publisher/publisher.ts";
import { isLoopback } from "./admission.ts";
import type { ClientOverflow } from "./client-queue.ts";
import { Door, type WebSocketServerTls } from "./door.ts";
import { Hub, type HubCounts } from "./hub.ts";
import { loadWs } from "./load-ws.ts";
import { OptionCheck } from "./option-check.ts";
import type { WebSocketClientState } from "./served-client.ts";
import type { Form } from "./subprotocols.ts";

/** Says where a `WebSocketPublisher` serves, whom, and what a client that does not keep up is not given. */
export interface WebSocketPublisherOptions<M extends AnyMessage = Message> {
  /** The TCP port, from 0 to 65535; 0 takes a free one, which `endpoint` tells. */
  readonly port: number;
  /** The address to listen on. Default `127.0.0.1`: this computer alone; `0.0.0.0` or `::` for everybody. */
  readonly host?: string;
  /** The path that clients ask for. Default `/`. */
  readonly path?: string;
  /** What every client must show: as a bearer, as the subprotocol `arroyo.token.` and its base64url, or as `?token=`. */
  readonly token?: string;
  /** Origins of the web pages that may connect, `"*"` for all. Default: with a token all, without one those of this computer. */
  readonly origins?: readonly string[];
  /** Key and certificate, for `wss://`. Default: none. */
  readonly tls?: WebSocketServerTls;
  /** What is left out for a client that does not keep up. Default `latest`: it gets the newest event. */
  readonly overflow?: ClientOverflow;
  /** Messages that may wait for one client, from 1 on. Default 1 000. */
  readonly maxMessages?: number;
  /** Bytes that may wait for one client, from 1 on; one message may be larger. Default 16 MiB. */
  readonly maxBytes?: number;
  /** With `latest`: the shortest time between two rounds of newest events, in milliseconds, from 0 on. Default 30. */
  readonly intervalMs?: number;
  /** Clients at the same time, from 1 on; more are turned away. Default 100. */
  readonly maxClients?: number;
  /** How many clients `open` waits for, from 0 on. Default 0. */
  readonly waitForClients?: number;
  /** With `latest`: the newest event of each kind is kept; a key of the metadata, or what gives the kind. Default: one kind. */
  readonly newestBy?: string | ((event: Extract<M, { readonly type: "event" }>) => string);
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /** The form of the bytes for clients that name no subprotocol: one frame for a message. Default: JSON. */
  readonly codec?: Codec;
  /** Milliseconds between two pings; a client that answers none until the next is removed. 0: never. Default 15 000. */
  readonly pingMs?: number;
  /** How long what was published may still leave after `close`, in milliseconds, from 0 on. Default 2 000. */
  readonly lingerMs?: number;
}

/** Says how all clients of a publisher together are doing, since it was opened last. */
export interface WebSocketCounts extends HubCounts {
  /** Clients that are connected now. */
  readonly clients: number;
  /** Clients that were turned away. */
  readonly refused: number;
}

const OPTIONS = [
  "port",
  "host",
  "path",
  "token",
  "origins",
  "tls",
  "overflow",
  "maxMessages",
  "maxBytes",
  "intervalMs",
  "maxClients",
  "waitForClients",
  "newestBy",
  "stream",
  "codec",
  "pingMs",
  "lingerMs",
] as const;
const OVERFLOWS = ["latest", "drop-oldest", "drop-newest"] as const;
const DEFAULTS = Object.freeze({
  host: "127.0.0.1",
  path: "/",
  maxMessages: 1_000,
  maxBytes: 16 * 1024 * 1024,
  intervalMs: 30,
  maxClients: 100,
  pingMs: 15_000,
  lingerMs: 2_000,
});
/** How long the other sides may take to say goodbye. */
const GOODBYE_MS = 500;
/** RFC 6455: the purpose of the connection is fulfilled. */
const NORMAL = 1000;
const SUBJECT = "WebSocketPublisher";
const NOTHING: HubCounts = Object.freeze({ sent: 0, dropped: 0, lifecycleDropped: 0, dead: 0 });
const NO_BODIES: readonly Uint8Array[] = Object.freeze([]);

/** Sends results out to many browsers and other clients; none of them can delay the block, or another client. */
export class WebSocketPublisher<M extends AnyMessage = AnyMessage> extends Publisher<M> {
  readonly #options: WebSocketPublisherOptions<M>;
  readonly #host: string;
  readonly #path: string;
  readonly #bounds: { readonly overflow: ClientOverflow; readonly maxMessages: number; readonly maxBytes: number };
  readonly #waitForClients: number;
  readonly #lingerMs: number;
  /** The form for clients that name no subprotocol. */
  readonly #plainForm: Form;
  readonly #kindOf: (message: AnyMessage) => string;
  readonly #told = new Set<string>();
  #own: Writer | undefined;
  #door: Door | undefined;
  #hub: Hub | undefined;
  #endpoint: string | undefined;
  #isOpening = false;
  #refused = 0;
  /** What was counted until the last `close`. */
  #last: HubCounts = NOTHING;
  #changed: (() => void) | undefined;

  constructor(options: WebSocketPublisherOptions<M>) {
    super();
    const check = new OptionCheck(SUBJECT, options, OPTIONS);
    this.#options = options;
    if (options.port === undefined) throw check.fault("port", "expected a port, or 0 for a free one");
    check.whole("port", 0, 0, 65_535);
    this.#host = check.text("host") ?? DEFAULTS.host;
    this.#path = check.text("path") ?? DEFAULTS.path;
    if (!/^\/[^?#\s]*$/.test(this.#path)) throw check.fault("path", 'expected a path such as "/live"');
    check.text("token");
    check.texts("origins");
    this.#bounds = {
      overflow: check.oneOf("overflow", "latest", OVERFLOWS),
      maxMessages: check.whole("maxMessages", DEFAULTS.maxMessages, 1),
      maxBytes: check.whole("maxBytes", DEFAULTS.maxBytes, 1),
    };
    check.whole("intervalMs", 0, 0);
    check.whole("maxClients", 1, 1);
    check.whole("pingMs", 0, 0);
    this.#waitForClients = check.whole("waitForClients", 0, 0);
    this.#lingerMs = check.whole("lingerMs", DEFAULTS.lingerMs, 0);
    this.#plainForm = formOf(options.codec);
    this.#kindOf = kindBy(check, options.newestBy);
    this.stream = check.text("stream") ?? "";
  }

  /** The address that clients connect to, with the real port; undefined while it is not open. */
  get endpoint(): string | undefined {
    return this.#endpoint;
  }

  /** How each client is doing. */
  get clients(): readonly WebSocketClientState[] {
    return this.#hub?.clients ?? [];
  }

  /** How all clients together are doing. */
  get counts(): WebSocketCounts {
    const counts = this.#hub?.counts ?? this.#last;
    return { ...counts, clients: this.#hub?.size ?? 0, refused: this.#refused };
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpening || this.#hub !== undefined) {
      throw new UsageError(`${SUBJECT}: is open already; make another one for another block`);
    }
    if (signal.aborted) throw new AbortedError(`${SUBJECT}: open`);
    this.#isOpening = true;
    try {
      await this.#open(signal);
    } catch (error) {
      await this.#close(0);
      throw error;
    } finally {
      this.#isOpening = false;
    }
  }

  override publish(message: M): void {
    const hub = this.#hub;
    if (hub === undefined) throw new UsageError(`${SUBJECT}: is not open; open it before publishing`);
    // First what may be refused: a message that cannot be written takes no number.
    const bodies = this.#own === undefined ? NO_BODIES : this.#bodies(this.#own(message as Message));
    const kind = message.type === "event" ? this.#kindOf(message) : "";
    for (const frames of this.encode(message)) hub.give(message, kind, frames, bodies);
  }

  override async close(): Promise<void> {
    await this.#close(this.#lingerMs);
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { port, token, origins, tls, maxClients = DEFAULTS.maxClients } = this.#options;
    const ws = await loadWs(SUBJECT);
    if (this.#plainForm === "codec") this.#own ??= this.#options.codec?.writer({ stream: this.stream });
    const hub = this.#makeHub();
    const door = new Door(ws, {
      subject: SUBJECT,
      host: this.#host,
      port,
      path: this.#path,
      token,
      origins,
      tls,
      maxClients,
      clients: () => hub.size,
      enter: (socket, stream, form, address) =>
        hub.join(socket, stream, form === "codec" ? this.#plainForm : form, address),
      refused: (reason) => this.#turnedAway(reason),
    });
    this.#hub = hub;
    this.#door = door;
    if (token === undefined && !isLoopback(this.#host)) {
      this.#tell(`everybody who reaches ${this.#host}:${port} can read what is published; give a token`);
    }
    this.#endpoint = await door.open(signal);
    hub.begin();
    await this.#someClients(hub, signal);
    if (signal.aborted) throw new AbortedError(`${SUBJECT}: open`);
  }

  #makeHub(): Hub {
    const { intervalMs = DEFAULTS.intervalMs, pingMs = DEFAULTS.pingMs } = this.#options;
    return new Hub({
      bounds: this.#bounds,
      intervalMs,
      pingMs,
      stream: this.stream,
      incarnation: this.writer.incarnation ?? "",
      again: (form) => {
        const wire = (form === "native" ? this.writer : this.#own)?.again?.() ?? [];
        return form === "native" ? wire.map(joined) : this.#bodies(wire);
      },
      signOfLife: () => this.writer.signOfLife?.()?.find(isHeader),
      warn: (message) => this.warn(message),
      changed: () => this.#changed?.(),
    });
  }

  async #someClients(hub: Hub, signal: AbortSignal): Promise<void> {
    if (hub.size >= this.#waitForClients) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (hub.size < this.#waitForClients && !signal.aborted) return;
        signal.removeEventListener("abort", look);
        this.#changed = undefined;
        resolve();
      };
      this.#changed = look;
      signal.addEventListener("abort", look, { once: true });
      look();
    });
  }

  #bodies(wire: readonly (readonly Uint8Array[])[]): readonly Uint8Array[] {
    return wire.map((frames) => {
      const [body] = frames;
      if (body !== undefined && frames.length === 1) return body;
      const { codec } = this.#options;
      throw new UsageError(
        `${SUBJECT}: codec: "${codec?.name}" makes ${frames.length} frames of a message, and a WebSocket carries one; ` +
          "leave codec out: clients name a subprotocol",
      );
    });
  }

  async #close(lingerMs: number): Promise<void> {
    const hub = this.#hub;
    const door = this.#door;
    this.#hub = undefined;
    this.#door = undefined;
    this.#endpoint = undefined;
    if (hub === undefined || door === undefined) return;
    door.shut();
    if (lingerMs > 0) await hub.drain(lingerMs);
    hub.close(NORMAL, "ended");
    const endsAt = performance.now() + GOODBYE_MS;
    while (hub.size > 0 && performance.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 5));
    hub.terminate();
    await door.close();
    this.#last = hub.counts;
    if (hub.counts.dropped > 0) this.leftOut("left out for slow clients, each counted", hub.counts.dropped);
  }

  #turnedAway(reason: string): void {
    this.#refused += 1;
    this.#tell(`a client was turned away: ${reason}`);
  }

  /** Says each thing once: what strangers do must not fill a log. */
  #tell(what: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.warn(`${SUBJECT}: ${what}`);
  }
}

function formOf(codec: Codec | undefined): Form {
  if (codec === undefined || codec === jsonCodec) return "json";
  return codec === nativeCodec ? "native" : "codec";
}

function kindBy(check: OptionCheck, newestBy: unknown): (message: AnyMessage) => string {
  if (newestBy === undefined) return () => "";
  if (typeof newestBy === "function") return newestBy as (message: AnyMessage) => string;
  const name = check.text("newestBy") as string;
  return (message) => String(message.type === "event" ? message.field(name) : "");
}
