import { randomBytes } from "node:crypto";
import { ConnectionError, UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { encodedAlone } from "./encoder.ts";
import { Inbox, type InboxBounds } from "./inbox.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { Refusal } from "./refusal.ts";
import { Waiters } from "./waiters.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** Says what a ROUTER does in doubt. */
export interface RoutingRules {
  /** True makes it an error to send to somebody who is not there, and waits for one who is full. */
  readonly isMandatory: boolean;
  /** True gives a name that is in use to the one who comes with it. */
  readonly isHandover: boolean;
}

/** Random bytes behind the zero of a name that we give. */
const NAME_BYTES = 4;

/** Is a ROUTER: puts the sender's name before what came, and sends to the one whose name stands first. */
export class RoutingPattern extends ZmtpSocket implements Pattern {
  readonly #rules: RoutingRules;
  readonly #inbox: Inbox;
  readonly #room = new Waiters();
  readonly #peers = new Map<string, Peer>();
  /** Also of those who have gone, as long as something of them is there. */
  readonly #names = new WeakMap<Peer, Uint8Array>();

  constructor(rules: RoutingRules, settings: SocketSettings & InboxBounds, bounds: ZmtpBounds, news: PatternNews) {
    super("ROUTER", settings, bounds, news);
    this.#rules = rules;
    this.#inbox = new Inbox(settings, () => news.came());
  }

  next(): Uint8Array[] | undefined {
    const letter = this.#inbox.next();
    return letter === undefined ? undefined : [this.#names.get(letter.peer) as Uint8Array, ...letter.frames];
  }

  async takeLater(frames: readonly Uint8Array[], _patienceMs?: number, signal?: AbortSignal): Promise<boolean> {
    const [name, ...rest] = frames;
    const { subject, maxBytes, maxMessages = Infinity } = this.settings;
    if (name === undefined || rest.length === 0) {
      throw new UsageError(`${subject}: a router needs the name of the receiver, and a frame for it; send [name, ...]`);
    }
    for (;;) {
      if (this.closed || signal?.aborted === true) return false;
      const peer = this.#peers.get(keyOf(name));
      if (peer === undefined && this.#rules.isMandatory) {
        throw new ConnectionError(`${subject}: nobody with this name is connected; wait until he is, or leave him out`);
      }
      if (peer === undefined) return true;
      if (peer.queuedBytes < maxBytes && peer.queuedMessages < maxMessages) {
        peer.write(encodedAlone(rest));
        return true;
      }
      if (!this.#rules.isMandatory) {
        this.trouble("is too slow: messages for it are dropped");
        return true;
      }
      await this.#room.wait(undefined, signal);
    }
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    return this.#inbox.put(peer, frames);
  }

  protected override refuse(peer: Peer): void {
    const { identity } = peer.facts ?? {};
    if (identity === undefined || this.#rules.isHandover || !this.#peers.has(keyOf(identity))) return;
    throw new Refusal("has a name that another connection has already");
  }

  protected override came(peer: Peer): void {
    const given = peer.facts?.identity ?? new Uint8Array(0);
    const name = given.length > 0 ? new Uint8Array(given) : new Uint8Array([0, ...randomBytes(NAME_BYTES)]);
    const before = this.#peers.get(keyOf(name));
    this.#names.set(peer, name);
    this.#peers.set(keyOf(name), peer);
    before?.close("made room for another one with its name");
  }

  protected override left(peer: Peer): void {
    const key = keyOf(this.#names.get(peer) as Uint8Array);
    if (this.#peers.get(key) === peer) this.#peers.delete(key);
    this.#room.wake();
  }

  protected override drained(): void {
    this.#room.wake();
  }

  protected override closing(): void {
    this.#inbox.clear();
    this.#room.wake();
  }
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString("latin1");
}
