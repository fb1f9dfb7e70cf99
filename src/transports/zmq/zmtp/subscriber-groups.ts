import { type Encoded, Encoder } from "./encoder.ts";
import type { Peer } from "./peer.ts";
import { Prefixes } from "./prefixes.ts";

/** Is all peers that asked for the same: they get the same bytes, which are made once. */
interface Group {
  readonly key: string | undefined;
  readonly prefixes: Prefixes;
  readonly peers: Set<Peer>;
  readonly encoder: Encoder;
}

/** Who asks for more than this is alone: to compare long lists would cost more than it saves. */
const COMPARED = 64;

/** Sorts subscribers by what they asked for. Typical streams have one to three groups. */
export class SubscriberGroups {
  readonly #prefixesOf = new Map<Peer, Prefixes>();
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Peer, Group>();
  #list: readonly Group[] = [];
  #isSorted = true;

  /** Adds a message to the blocks of all groups that asked for it; gives the bytes of the largest, 0 where none did. */
  add(frames: readonly Uint8Array[]): number {
    const topic = frames[0] as Uint8Array;
    if (!this.#isSorted) this.#sort();
    let most = 0;
    for (let index = 0; index < this.#list.length; index += 1) {
      const { prefixes, encoder } = this.#list[index] as Group;
      if (!prefixes.matches(topic)) continue;
      encoder.add(frames);
      if (encoder.bytes > most) most = encoder.bytes;
    }
    return most;
  }

  /** Gives what was added, with those who get it. */
  flush(write: (encoded: Encoded, peers: Iterable<Peer>) => void): void {
    for (let index = 0; index < this.#list.length; index += 1) {
      const { encoder, peers } = this.#list[index] as Group;
      if (encoder.messages > 0) write(encoder.take(), peers);
    }
  }

  /** Gives what a peer has asked for so far, to be looked at. */
  of(peer: Peer): Pick<Prefixes, "count" | "bytes"> {
    return this.#prefixesOf.get(peer) ?? NONE;
  }

  /** Notes that a peer asks for what begins so, or no longer; comes after `flush`. False when that changes nothing. */
  change(peer: Peer, prefix: Uint8Array, isWanted: boolean): boolean {
    const prefixes = this.#prefixesOf.get(peer) ?? new Prefixes();
    if (isWanted ? !prefixes.add(prefix) : !prefixes.remove(prefix)) return false;
    this.#prefixesOf.set(peer, prefixes);
    this.#remove(peer);
    if (prefixes.count > 0) this.#place(peer, prefixes);
    return true;
  }

  /** Forgets a peer, after `flush`; gives what it had asked for. */
  leave(peer: Peer): Iterable<Uint8Array> {
    const prefixes = this.#prefixesOf.get(peer);
    this.#prefixesOf.delete(peer);
    this.#remove(peer);
    return prefixes?.values() ?? [];
  }

  #remove(peer: Peer): void {
    const group = this.#groupOf.get(peer);
    if (group === undefined) return;
    group.peers.delete(peer);
    this.#groupOf.delete(peer);
    if (group.peers.size === 0) group.encoder.close();
    if (group.peers.size === 0 && group.key !== undefined) this.#groups.delete(group.key);
    this.#isSorted = false;
  }

  #place(peer: Peer, own: Prefixes): void {
    const key = own.count <= COMPARED ? own.key : undefined;
    let group = key === undefined ? undefined : this.#groups.get(key);
    if (group === undefined) {
      group = { key, prefixes: key === undefined ? own : copyOf(own), peers: new Set(), encoder: new Encoder() };
      if (key !== undefined) this.#groups.set(key, group);
    }
    group.peers.add(peer);
    this.#groupOf.set(peer, group);
    this.#isSorted = false;
  }

  #sort(): void {
    this.#list = [...new Set(this.#groupOf.values())];
    this.#isSorted = true;
  }
}

const NONE = { count: 0, bytes: 0 };

function copyOf(prefixes: Prefixes): Prefixes {
  const copy = new Prefixes();
  for (const prefix of prefixes.values()) copy.add(prefix);
  return copy;
}
