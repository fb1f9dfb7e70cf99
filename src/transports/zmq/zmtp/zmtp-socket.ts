import type { Duplex } from "node:stream";
import { text, UsageError } from "../../../errors.ts";
import { Backoff } from "../../../time/backoff.ts";
import { ownFile, refuseLivePath, removeStale } from "../ipc-path.ts";
import type { EndedSocket, News, SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import type { Command } from "./command.ts";
import type { SocketType } from "./handshake.ts";
import { Peer } from "./peer.ts";
import { answer, call, type Place } from "./places.ts";
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
  /** Those whose handshake is not over, the oldest first. */
  readonly #unready = new Set<Peer>();
  readonly #places: Place[] = [];
  readonly #files: (() => void)[] = [];
  readonly #backoff = new Backoff(Math.random);
  readonly #watch: NodeJS.Timeout;
  #giveUpCall: (() => void) | undefined;
  #ended: Promise<boolean> = Promise.resolve(true);
  #retry: NodeJS.Timeout | undefined;
  #address: string | undefined;
  #closed = false;

  constructor(type: SocketType, settings: SocketSettings, bounds: ZmtpBounds, news: News) {
    this.#type = type;
    this.settings = settings;
    this.bounds = bounds;
    this.#news = news;
    this.#troubles = new Troubles((reason) => news.trouble(reason));
    this.#watch = setInterval(() => {
      for (const peer of this.ready) peer.watch();
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
    return this.#address !== undefined;
  }

  async bind(address: string): Promise<string> {
    const { subject } = this.settings;
    refusePaddedName(subject, address);
    await refuseLivePath(subject, address);
    if (address.startsWith("ipc://") && address !== "ipc://*") removeStale(address);
    const place = await answer(address, {
      subject,
      readInPlace: this.bounds.readInPlace,
      make: (stream, from) => this.#peer(stream, true, from),
      failed: (error) => this.trouble(`could not be taken: ${text(error)}`),
    });
    if (this.#closed) place.close();
    else this.#places.push(place);
    if (address !== "ipc://*") this.#files.push(ownFile(place.address));
    return place.address;
  }

  connect(address: string): void {
    refusePaddedName(this.settings.subject, address);
    this.#address = address;
    this.#call();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    for (const place of this.#places) place.close();
    for (const remove of this.#files) remove();
    this.#giveUpCall?.();
    this.closing();
    const all = [...this.#unready, ...this.ready];
    this.#ended = Promise.all(all.map((peer) => peer.end(this.settings.lingerMs))).then(
      (ends) => ends.every((hasLeft) => hasLeft) && !this.hasRest,
    );
  }

  /** Resolves when all connections are closed; tells whether everything that was sent has left. */
  get ended(): Promise<boolean> {
    return this.#ended;
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

  /** Called when a handshake is over. */
  protected came(_peer: Peer): void {}

  /** Called when a peer whose handshake was over is gone. */
  protected left(_peer: Peer): void {}

  /** Tells what a person should know of a connection. */
  protected trouble(reason: string): void {
    this.#troubles.tell(reason);
  }

  #peer(stream: Duplex, isServer: boolean, from?: string): Peer {
    const { maxFrameBytes, heartbeatMs } = this.settings;
    const { maxFrames, maxCommandBytes, handshakeMs, maxPeers, maxUnready } = this.bounds;
    const role = { type: this.#type, plain: undefined, isServer };
    const limits = { maxMessageBytes: maxFrameBytes, maxFrames, maxCommandBytes };
    const peer: Peer = new Peer(
      stream,
      { role, limits, heartbeatMs, handshakeMs },
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
    if (this.#closed) peer.close();
    else if (this.ready.size >= maxPeers) peer.close(`is one too many: at most ${maxPeers} are served`);
    else if (this.#unready.size > maxUnready) {
      // Honest ones need no time: the oldest is the likeliest to mean no good.
      const [oldest] = this.#unready;
      oldest?.close(`had to make room: more than ${maxUnready} were in the handshake`);
    }
    return peer;
  }

  #ready(peer: Peer): void {
    this.#backoff.reset();
    this.#unready.delete(peer);
    this.ready.add(peer);
    this.came(peer);
    this.#news.peers(this.ready.size);
  }

  #gone(peer: Peer, reason: string | undefined): void {
    this.#unready.delete(peer);
    const wasReady = this.ready.delete(peer);
    if (wasReady) this.left(peer);
    if (this.#closed) return;
    if (wasReady) this.#news.peers(this.ready.size);
    if (reason !== undefined) this.trouble(reason);
    if (this.#address !== undefined) this.#callLater();
  }

  #call(): void {
    if (this.#closed || this.#address === undefined) return;
    try {
      this.#giveUpCall = call(
        this.#address,
        (stream) => this.#peer(stream, false),
        () => this.#callLater(),
      );
    } catch (error) {
      this.trouble(`cannot be made: ${text(error)}`);
      this.#callLater();
    }
  }

  #callLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#call(), Math.min(this.#backoff.next(), this.settings.reconnectMaxMs));
  }
}

/** Before 1.51 the library below Node filled abstract names up with zeros. */
function refusePaddedName(subject: string, address: string): void {
  if (!address.startsWith("ipc://@") || namesAreWhole()) return;
  throw new UsageError(
    `${subject}: ${address}: this version of Node pads abstract names, so that no other program finds them; take a ` +
      'path, or engine: "libzmq"',
  );
}

/** Tells whether this Node uses abstract names as they are. */
export function namesAreWhole(): boolean {
  const [major = 0, minor = 0] = process.versions.uv.split(".").map(Number);
  return major > 1 || minor >= 51;
}
