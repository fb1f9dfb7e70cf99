import { setTimeout as pause } from "node:timers/promises";
import type { Observer, Socket } from "zeromq";
import { bindFreed } from "./bind-freed.ts";
import { Connections, type MonitorEvent } from "./connections.ts";
import { ownFile, refuseLivePath } from "./ipc-path.ts";
import { endError } from "./libzmq-errors.ts";
import { received } from "./received.ts";
import { Redial } from "./redial.ts";
import type { EndedSocket, News, SocketSettings } from "./socket.ts";

const NEWS_MS = 100;

/** Binds, connects and closes a socket of libzmq, and follows its connections. */
export class LibzmqEnds<S extends Socket> implements EndedSocket {
  protected readonly native: S;
  protected readonly settings: SocketSettings;
  protected readonly news: News;
  readonly #monitor: Observer;
  #connections = new Connections(false);
  readonly #files: (() => void)[] = [];
  readonly #gone: Promise<void>;
  #bindFailure: unknown;
  #redial: Redial | undefined;
  #isInproc = false;
  #wasGreeted = false;
  #closed = false;
  #closedAtMs = Infinity;

  constructor(native: S, settings: SocketSettings, news: News) {
    this.native = native;
    this.settings = settings;
    this.news = news;
    this.#monitor = native.events;
    this.#gone = this.#watch();
  }

  get peers(): number {
    return this.#isInproc && this.#redial !== undefined ? 1 : this.#connections.peers;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  async bind(address: string): Promise<string> {
    const { subject } = this.settings;
    await refuseLivePath(subject, address);
    try {
      await bindFreed(() => this.#bindOnce(address));
    } catch (error) {
      throw endError(subject, "bind", address, error);
    }
    this.#isInproc ||= address.startsWith("inproc:");
    const bound = this.native.lastEndpoint ?? address;
    if (address !== "ipc://*") this.#files.push(ownFile(bound));
    return bound;
  }

  connect(address: string): void {
    try {
      this.native.connect(address);
    } catch (error) {
      throw endError(this.settings.subject, "connect", address, error);
    }
    this.#connections = new Connections(true);
    this.#redial = new Redial(() => this.#callAgain(address), this.settings.reconnectMaxMs);
    if (!address.startsWith("inproc:")) return;
    // The monitor is silent about inproc, where libzmq keeps what is sent until the other side binds.
    this.#isInproc = true;
    queueMicrotask(() => this.#closed || this.news.peers(1));
  }

  /** When `close` was called, by the clock that never goes back. */
  get closedAtMs(): number {
    return this.#closedAtMs;
  }

  /** Resolves after `close` when everything that was sent has left, or has been given up; at once for inproc. */
  get gone(): Promise<void> {
    return this.#isInproc ? Promise.resolve() : this.#gone;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closedAtMs = performance.now();
    this.#redial?.stop();
    for (const remove of this.#files) remove();
    this.native.close();
  }

  /** True once there was a handshake. */
  protected get wasGreeted(): boolean {
    return this.#wasGreeted;
  }

  /** Called after each handshake. */
  protected greeted(): void {}

  async #bindOnce(address: string): Promise<void> {
    this.#bindFailure = undefined;
    try {
      await this.native.bind(address);
    } catch (error) {
      const { code } = error as { code?: unknown };
      // The monitor's own message overwrites the reason; then only its news has it.
      for (let waited = 0; code === "EAGAIN" && this.#bindFailure === undefined && waited < NEWS_MS; waited += 1) {
        await pause(1);
      }
      throw code === "EAGAIN" ? (this.#bindFailure ?? error) : error;
    }
  }

  /**
   * Reads to the end also after `close`: libzmq waits for whoever reads its news, and would wait for ever. The end comes
   * when the last byte is with the kernel. A process that went before it would crash where received frames are sent on:
   * the package frees them first.
   */
  async #watch(): Promise<void> {
    for (;;) {
      const event = await received(this.#monitor);
      if (event === undefined || event.type === "end") return;
      if (!this.#closed) this.#hear(event as MonitorEvent);
    }
  }

  #hear(event: MonitorEvent): void {
    const before = this.#connections.peers;
    const trouble = this.#connections.take(event);
    this.#redial?.hear(event.type);
    if (event.type === "bind:error") this.#bindFailure = event.error;
    if (trouble !== undefined) this.news.trouble(trouble);
    if (event.type === "handshake") {
      this.#wasGreeted = true;
      this.greeted();
    }
    if (this.#connections.peers !== before) this.news.peers(this.peers);
  }

  #callAgain(address: string): void {
    try {
      this.native.disconnect(address);
    } catch {
      // libzmq has forgotten the address already.
    }
    this.native.connect(address);
  }
}
