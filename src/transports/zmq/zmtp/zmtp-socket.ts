import type { Duplex } from "node:stream";
import { text } from "../../../errors.ts";
import { ownFile, refuseLivePath, removeStale } from "../ipc-path.ts";
import type { EndedSocket, News, SocketSettings } from "../socket.ts";
import { refusePaddedName } from "./abstract-names.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { Call } from "./call.ts";
import type { Command } from "./command.ts";
import type { FramePool } from "./frame-pool.ts";
import type { SocketType } from "./handshake.ts";
import { Peer } from "./peer.ts";
import { answer, type Place } from "./places.ts";
import { Troubles } from "./troubles.ts";

/** Binds, connects and closes, and keeps the peers of a socket; what is done with messages is left to its patterns. */
export abstract class ZmtpSocket implements EndedSocket {
  protected readonly settings: SocketSettings;
  protected readonly bounds: ZmtpBounds;
  /** Those whose handshake is over. */
  protected readonly ready: Set<Peer> = new Set();
  readonly #type: SocketType;
  readonly #news: News;
  readonly #troubles: Troubles;
  readonly #calls: Call[] = [];
  readonly #callOf = new Map<Peer, Call>();
  /** Those whose handshake is not over, the oldest first. */
  readonly #unready = new Set<Peer>();
  readonly #places: Place[] = [];
  readonly #files: (() => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  #ended: Promise<boolean> = Promise.resolve(true);
  #closed = false;
  /** No connection is made any more: from the close on, unless something waits for the one who is called. */
  #isOver = false;
  #delivered: (() => void) | undefined;

  constructor(type: SocketType, settings: SocketSettings, bounds: ZmtpBounds, news: News) {
    this.#type = type;
    this.settings = settings;
    this.bounds = bounds;
    this.#news = news;
    this.#troubles = new Troubles((reason) => news.trouble(reason));
    this.#watch = setInterval(() => {
      for (const peer of this.ready) peer.watch();
      this.pool?.rest();
    }, bounds.stallMs).unref();
  }

  get peers(): number {
    return this.ready.size;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  /** True for a socket that connects: who left will be called again. */
  protected get calls(): boolean {
    return this.#calls.length > 0;
  }

  async bind(address: string): Promise<string> {
    const { subject } = this.settings;
    refusePaddedName(subject, address);
    await refuseLivePath(subject, address);
    if (address.startsWith("ipc://") && address !== "ipc://*") removeStale(address);
    const place = await answer(address, {
      subject,
      readInPlace: this.settings.readInPlace,
      make: (stream, from) => this.#peer(stream, from),
      failed: (error) => this.trouble(`could not be taken: ${text(error)}`),
    });
    if (this.#closed) place.close();
    else this.#places.push(place);
    if (address !== "ipc://*") this.#files.push(ownFile(place.address));
    return place.address;
  }

  connect(address: string): void {
    refusePaddedName(this.settings.subject, address);
    const place = new Call(address, {
      reconnectMaxMs: this.settings.reconnectMaxMs,
      make: (stream) => this.#peer(stream, undefined, place),
      trouble: (reason) => this.trouble(reason),
    });
    this.#calls.push(place);
    place.dial();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watch);
    for (const place of this.#places) place.close();
    for (const remove of this.#files) remove();
    this.closing();
    const { lingerMs } = this.settings;
    this.#ended = this.hasRest && this.calls && lingerMs > 0 ? this.#endLater(lingerMs) : this.#end(lingerMs);
  }

  /** Resolves when all connections are closed; tells whether everything that was sent has left. */
  get ended(): Promise<boolean> {
    return this.#ended;
  }

  /** Where the memory of large frames comes from. */
  protected get pool(): FramePool | undefined {
    return undefined;
  }

  /** True while something was taken that no peer has. */
  protected get hasRest(): boolean {
    return false;
  }

  /** Takes a message; false stops reading from this peer. */
  protected abstract message(peer: Peer, frames: Uint8Array[]): boolean;

  /** Takes a command that is not about the connection. */
  protected command(_peer: Peer, _command: Command): void {}

  /** Called when what was written to a peer has left. */
  protected drained(_peer: Peer): void {}

  /** Called when the socket closes, before its peers do. */
  protected closing(): void {}

  /** Throws a Refusal where one whose handshake is over cannot be served. */
  protected refuse(_peer: Peer): void {}

  /** Called when a handshake is over. */
  protected came(_peer: Peer): void {}

  /** Called when a peer whose handshake was over is gone. */
  protected left(_peer: Peer): void {}

  /** Tells what a person should know of a connection. */
  protected trouble(reason: string): void {
    this.#troubles.tell(reason);
  }

  /** What waits for the one who is called still goes to him, if he comes in time. */
  async #endLater(lingerMs: number): Promise<boolean> {
    const until = performance.now() + lingerMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      this.#delivered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#end(Math.max(0, until - performance.now()));
  }

  async #end(lingerMs: number): Promise<boolean> {
    this.#isOver = true;
    for (const one of this.#calls) one.end();
    const ends = await Promise.all([...this.#unready, ...this.ready].map((peer) => peer.end(lingerMs)));
    return ends.every((hasLeft) => hasLeft) && !this.hasRest;
  }

  #peer(stream: Duplex, from?: string, call?: Call): Peer {
    const { maxFrameBytes, heartbeatMs, plain, identity } = this.settings;
    const { maxCommandBytes, handshakeMs, maxPeers, maxUnready } = this.bounds;
    const maxFrames = Math.max(this.bounds.maxFrames, this.settings.maxFrames ?? 0);
    const role = { type: this.#type, plain, ...(identity === undefined ? {} : { identity }) };
    const limits = { maxMessageBytes: maxFrameBytes, maxFrames, maxCommandBytes };
    const peer: Peer = new Peer(
      stream,
      { role, limits, heartbeatMs, handshakeMs, pool: this.pool },
      {
        ready: (one) => this.#ready(one),
        message: (one, frames) => this.message(one, frames),
        command: (one, command) => this.command(one, command),
        closed: (one, reason) =>
          this.#gone(one, from === undefined || reason === undefined ? reason : `from ${from} ${reason}`),
        drained: (one) => this.drained(one),
      },
    );
    this.#unready.add(peer);
    if (call !== undefined) this.#callOf.set(peer, call);
    if (this.#isOver) peer.close();
    else if (this.ready.size >= maxPeers) peer.close(`is one too many: at most ${maxPeers} are served`);
    else if (this.#unready.size > maxUnready) {
      // Honest ones need no time: the oldest is the likeliest to mean no good.
      const [oldest] = this.#unready;
      oldest?.close(`had to make room: more than ${maxUnready} were in the handshake`);
    }
    return peer;
  }

  #ready(peer: Peer): void {
    this.refuse(peer);
    this.#callOf.get(peer)?.answered();
    this.#unready.delete(peer);
    this.ready.add(peer);
    this.came(peer);
    if (this.#closed) this.#delivered?.();
    else this.#news.peers(this.ready.size);
  }

  #gone(peer: Peer, reason: string | undefined): void {
    this.#unready.delete(peer);
    const call = this.#callOf.get(peer);
    this.#callOf.delete(peer);
    const wasReady = this.ready.delete(peer);
    if (wasReady) this.left(peer);
    if (this.#isOver) return;
    if (wasReady && !this.#closed) this.#news.peers(this.ready.size);
    if (reason !== undefined) this.trouble(reason);
    call?.dialLater();
  }
}
