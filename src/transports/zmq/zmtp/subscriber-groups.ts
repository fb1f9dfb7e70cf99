import { type Encoded, Encoder } from "./encoder.ts";
import type { Peer } from "./peer.ts";

/** Is all peers that asked for the same: they get the same bytes, which are made once. */
interface Group {
  readonly key: string;
  readonly prefixes: readonly Uint8Array[];
  readonly peers: Set<Peer>;
  readonly encoder: Encoder;
}

/** Sorts subscribers by what they asked for. Typical streams have one to three groups. */
export class SubscriberGroups {
  readonly #prefixesOf = new Map<Peer, Map<string, Uint8Array>>();
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Peer, Group>();
  #list: readonly Group[] = [];

  /** Adds a message to the blocks of all groups that asked for it; tells whether any did. */
  add(frames: readonly Uint8Array[]): boolean {
    const topic = frames[0] as Uint8Array;
    let any = false;
    for (let index = 0; index < this.#list.length; index += 1) {
      const group = this.#list[index] as Group;
      if (!matches(group.prefixes, topic)) continue;
      group.encoder.add(frames);
      any = true;
    }
    return any;
  }

  /** Gives what was added, with those who get it. */
  flush(write: (encoded: Encoded, peers: Iterable<Peer>) => void): void {
    for (let index = 0; index < this.#list.length; index += 1) {
      const { encoder, peers } = this.#list[index] as Group;
      if (encoder.messages > 0) write(encoder.take(), peers);
    }
  }

  /** Notes that a peer asks for what begins so; gives the number of its prefixes. */
  subscribe(peer: Peer, prefix: Uint8Array): number {
    const prefixes = this.#prefixesOf.get(peer) ?? new Map<string, Uint8Array>();
    this.#prefixesOf.set(peer, prefixes);
    prefixes.set(keyOf(prefix), prefix);
    this.#sort(peer, prefixes);
    return prefixes.size;
  }

  /** Notes that a peer no longer asks for it. */
  cancel(peer: Peer, prefix: Uint8Array): number {
    const prefixes = this.#prefixesOf.get(peer);
    if (prefixes?.delete(keyOf(prefix)) === true) this.#sort(peer, prefixes);
    return prefixes?.size ?? 0;
  }

  /** Forgets a peer; gives what it had asked for. */
  leave(peer: Peer): Iterable<Uint8Array> {
    const prefixes = this.#prefixesOf.get(peer);
    this.#prefixesOf.delete(peer);
    this.#sort(peer, new Map());
    return prefixes?.values() ?? [];
  }

  #sort(peer: Peer, prefixes: ReadonlyMap<string, Uint8Array>): void {
    const before = this.#groupOf.get(peer);
    before?.peers.delete(peer);
    if (before?.peers.size === 0) this.#groups.delete(before.key);
    this.#groupOf.delete(peer);
    if (prefixes.size > 0) {
      const key = [...prefixes.keys()].sort().join("\u0000,");
      let group = this.#groups.get(key);
      if (group === undefined) {
        group = { key, prefixes: [...prefixes.values()], peers: new Set(), encoder: new Encoder() };
        this.#groups.set(key, group);
      }
      group.peers.add(peer);
      this.#groupOf.set(peer, group);
    }
    this.#list = [...this.#groups.values()];
  }
}

function keyOf(prefix: Uint8Array): string {
  return Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength).toString("hex");
}

function matches(prefixes: readonly Uint8Array[], topic: Uint8Array): boolean {
  for (let index = 0; index < prefixes.length; index += 1) {
    const prefix = prefixes[index] as Uint8Array;
    if (prefix.length > topic.length) continue;
    let at = 0;
    while (at < prefix.length && prefix[at] === topic[at]) at += 1;
    if (at === prefix.length) return true;
  }
  return false;
}
