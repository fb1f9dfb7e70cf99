import { UsageError } from "../../../errors.ts";
import { Backoff } from "../../../time/backoff.ts";
import { ownFile, refuseLivePath, removeStale } from "../ipc-path.ts";
import type { EndedSocket, News, SocketSettings } from "../socket.ts";
import type { Command } from "./command.ts";
import type { Role, SocketType } from "./handshake.ts";
import { Peer, type PeerSettings } from "./peer.ts";
import { answer, call, type Place } from "./places.ts";

const HANDSHAKE_MS = 10_000;
const MAX_FRAMES = 64;
const MAX_COMMAND_BYTES = 64 * 1024;
const MAX_PEERS = 1_024;

/** Binds, connects and closes, and keeps the peers of a socket; what is done with messages is left to its patterns. */
export abstract class ZmtpSocket implements EndedSocket {
  protected readonly settings: SocketSettings;
  protected readonly news: News;
  /** Those whose handshake is over. */
  protected readonly ready: Set<Peer> = new Set();
  readonly #type: SocketType;
  readonly #all = new Set<Peer>();
  readonly #places: Place[] = [];
  readonly #files: (() => void)[] = [];
  readonly #backoff = new Backoff(Math.random);
  #giveUpCall: (() => void) | undefined;
  #ended: Promise<boolean> = Promise.resolve(true);
  #retry: NodeJS.Timeout | undefined;
  #address: string | undefined;
  #closed = false;

  constructor(type: SocketType, settings: SocketSettings, news: News) {
    this.#type = type;
    this.settings = settings;
    this.news = news;
  }

  get peers(): number {
    return this.ready.size;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  async bind(address: string): Promise<string> {
    const { subject } = this.settings;
    if (address.startsWith("ipc://@") && process.versions.modules === "115") {
      throw new UsageError(
        `${subject}: bind ${address}: this version of Node pads abstract names, so that no other program finds them; ` +
          'take a path, or engine: "libzmq"',
      );
    }
    await refuseLivePath(subject, address);
    if (address.startsWith("ipc://") && address !== "ipc://*") removeStale(address);
    const place = await answer(subject, address, (stream) => this.#peer(stream, true));
    this.#places.push(place);
    if (address !== "ipc://*") this.#files.push(ownFile(place.address));
    return place.address;
  }

  connect(address: string): void {
    this.#address = address;
    this.#call();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const place of this.#places) place.close();
    for (const remove of this.#files) remove();
    this.#giveUpCall?.();
    this.closing();
    this.#ended = Promise.all([...this.#all].map((peer) => peer.end(this.settings.lingerMs))).then((all) =>
      all.every((left) => left),
    );
  }

  /** Resolves when all connections are closed; tells whether everything that was sent has left. */
  get ended(): Promise<boolean> {
    return this.#ended;
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

  #peer(stream: ConstructorParameters<typeof Peer>[0], isServer: boolean): Peer {
    const { maxFrameBytes, heartbeatMs } = this.settings;
    const role: Role = { type: this.#type, plain: undefined, isServer };
    const settings: PeerSettings = {
      role,
      limits: { maxMessageBytes: maxFrameBytes, maxFrames: MAX_FRAMES, maxCommandBytes: MAX_COMMAND_BYTES },
      heartbeatMs,
      handshakeMs: HANDSHAKE_MS,
    };
    const peer: Peer = new Peer(stream, settings, {
      ready: (one) => {
        this.#backoff.reset();
        this.ready.add(one);
        this.came(one);
        this.news.peers(this.ready.size);
      },
      message: (one, frames) => this.message(one, frames),
      command: (one, command) => this.command(one, command),
      closed: (one, reason) => this.#gone(one, reason),
      drained: (one) => this.drained(one),
    });
    this.#all.add(peer);
    if (this.#all.size > MAX_PEERS) peer.close(`is one too many: at most ${MAX_PEERS} connections are served`);
    return peer;
  }

  #gone(peer: Peer, reason: string | undefined): void {
    this.#all.delete(peer);
    if (this.ready.delete(peer)) {
      this.left(peer);
      this.news.peers(this.ready.size);
    }
    if (this.#closed) return;
    if (reason !== undefined) this.news.trouble(reason);
    if (this.#address !== undefined) this.#callLater();
  }

  #call(): void {
    if (this.#closed || this.#address === undefined) return;
    this.#giveUpCall = call(
      this.#address,
      (stream) => this.#peer(stream, false),
      () => this.#callLater(),
    );
  }

  #callLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#call(), Math.min(this.#backoff.next(), this.settings.reconnectMaxMs));
  }
}
