import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { AnyMessage } from "../../message/message.ts";
import { isHeader, sequenceOf } from "../../message/native/prelude.ts";
import { LIFECYCLE_TOPIC } from "../../message/native/topic.ts";
import type { ClientBounds } from "./client-queue.ts";
import { Item } from "./item.ts";
import { Lane } from "./lane.ts";
import { OpenStarts } from "./open-starts.ts";
import { RunEvents } from "./run-events.ts";
import { ServedClient, type WebSocketClientState } from "./served-client.ts";
import type { Form } from "./subprotocols.ts";

/** Says what a hub needs from its publisher. */
export interface HubOptions {
  readonly bounds: ClientBounds;
  /** The shortest time between two rounds of newest events. */
  readonly intervalMs: number;
  /** 0 for no probes. */
  readonly pingMs: number;
  readonly stream: string;
  readonly incarnation: string;
  /** Makes the Starts of the open runs again, as native headers, or in the publisher's own form. */
  readonly again: (form: "native" | "codec") => readonly Uint8Array[];
  readonly signOfLife: () => Uint8Array | undefined;
  readonly warn: (message: string) => void;
  /** Is told when a client came or went. */
  readonly changed: () => void;
}

/** Says how all clients together are doing. */
export interface HubCounts {
  /** Events that clients were given, each counted for each client. */
  readonly sent: number;
  /** Events that clients were not given, each counted for each client. */
  readonly dropped: number;
  /** Starts and Stops of whole runs that fell out. */
  readonly lifecycleDropped: number;
  /** Clients that were removed because they gave no sign of life. */
  readonly dead: number;
}

const SIGN_OF_LIFE_MS = 1000;
const MOST_LANES = 256;

/**
 * Gives every message to every client. Where each wants the newest only, an event costs the same for any number of
 * clients: it is kept as the newest of its topic, and goes out with the next round, to whoever has room by then.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #clients = new Set<ServedClient>();
  readonly #lanes = new Map<string, Lane>();
  readonly #starts = new OpenStarts();
  readonly #runs = new RunEvents();
  readonly #wantsNewest: boolean;
  readonly #failed = new Set<Form>();
  #events = 0;
  /** The sequence after that of the last event. */
  #next = 0;
  /** What clients that have left were given, and were not. */
  #gone: HubCounts = { sent: 0, dropped: 0, lifecycleDropped: 0, dead: 0 };
  #round: NodeJS.Immediate | undefined;
  #pause: NodeJS.Timeout | undefined;
  #signs: NodeJS.Timeout | undefined;
  #probes: NodeJS.Timeout | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#wantsNewest = options.bounds.overflow === "latest";
  }

  get size(): number {
    return this.#clients.size;
  }

  get clients(): readonly WebSocketClientState[] {
    return Array.from(this.#clients, (client) => client.state(this.#events, this.#lanes.values()));
  }

  get counts(): HubCounts {
    let { sent, dropped, lifecycleDropped } = this.#gone;
    for (const client of this.clients) {
      sent += client.sent;
      dropped += client.dropped;
      lifecycleDropped += client.lifecycleDropped;
    }
    return { sent, dropped, lifecycleDropped, dead: this.#gone.dead };
  }

  /** Begins to give signs of life, and to look for those of the clients. */
  begin(): void {
    const { pingMs } = this.#options;
    this.#signs = setInterval(() => this.#sign(), SIGN_OF_LIFE_MS).unref();
    // Not at once: an event loop that was busy has answers waiting, which it reads before what is immediate.
    if (pingMs > 0) this.#probes = setInterval(() => setImmediate(() => this.#probe()), pingMs).unref();
  }

  /** Takes a client in, which begins with what it missed. */
  join(socket: WebSocket, stream: Duplex, form: Form, address: string): void {
    const watch = {
      drained: (one: ServedClient) => this.#drained(one),
      left: (one: ServedClient) => this.#left(one),
      failed: (of: Form, error: unknown) => this.#cannot(of, error),
    };
    const { bounds } = this.#options;
    const client = new ServedClient({
      socket,
      stream,
      form,
      address,
      bounds,
      events: this.#events,
      next: this.#next,
      watch,
    });
    this.#clients.add(client);
    client.greet(this.#startsAgain(form), this.#lanes.values(), this.#open());
    this.#options.changed();
  }

  /** Takes a message with the frames of the native codec, and its bytes in the publisher's own form. */
  give(message: AnyMessage, kind: string, frames: readonly Uint8Array[], bodies: readonly Uint8Array[]): void {
    const at = frames.length > 1 && !isHeader(frames[0] as Uint8Array) ? 1 : 0;
    const header = frames[at] as Uint8Array;
    const { stream, incarnation } = this.#options;
    if (message.type === "event") {
      const lane = this.#lane(kind);
      const next = sequenceOf(header) + 1;
      const place = { stream, incarnation, partition: "" };
      const item = new Item({ message, header, payload: frames[at + 1], place, lane, next, bodies });
      lane.put(item);
      this.#events += 1;
      this.#next = next;
      if (message.run !== undefined) this.#runs.count(message.run);
      if (this.#wantsNewest) this.#wake();
      else this.#toAll(item);
      return;
    }
    const place = { stream, incarnation, partition: LIFECYCLE_TOPIC };
    const item = new Item({ message, header, place, next: this.#next, runEvents: this.#runs.of(message.run), bodies });
    if (this.#wantsNewest) for (const client of this.#clients) client.catchUp(this.#lanes.values());
    if (message.type === "start") {
      this.#starts.add(item);
      this.#runs.begin(message.run);
    } else {
      this.#starts.delete(message.run);
      this.#runs.end(message.run);
      // Whoever comes later would not know the run.
      for (const lane of this.#lanes.values()) if (lane.newest?.run === message.run) lane.newest = undefined;
    }
    this.#toAll(item);
  }

  /** Gives the clients what waits for them, as far as that takes no longer than it may. */
  async drain(withinMs: number): Promise<void> {
    const endsAt = performance.now() + withinMs;
    clearTimeout(this.#pause);
    clearImmediate(this.#round);
    for (;;) {
      for (const client of this.#clients) {
        if (client.hasRoom) client.catchUp(this.#lanes.values());
        client.pump();
      }
      const isDone = [...this.#clients].every((client) => client.isDone && !client.isBehind(this.#lanes.values()));
      if (isDone || performance.now() >= endsAt) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends all connections with a word. */
  close(code: number, reason: string): void {
    clearTimeout(this.#pause);
    clearImmediate(this.#round);
    clearInterval(this.#signs);
    clearInterval(this.#probes);
    for (const client of this.#clients) client.close(code, reason);
  }

  /** Ends all connections at once. */
  terminate(): void {
    for (const client of this.#clients) client.terminate();
  }

  #toAll(item: Item): void {
    if (this.#clients.size === 0) return;
    item.keep();
    for (const client of this.#clients) client.add(item);
    this.#round ??= setImmediate(() => this.#flush());
  }

  /** Makes sure that a round comes: at once where none was lately. */
  #wake(): void {
    if (this.#pause !== undefined || this.#round !== undefined || this.#clients.size === 0) return;
    this.#round = setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#round = undefined;
    if (this.#wantsNewest) {
      for (const { newest } of this.#lanes.values()) newest?.keep();
      this.#pause ??= setTimeout(() => this.#endPause(), this.#options.intervalMs).unref();
    }
    for (const client of this.#clients) {
      if (this.#wantsNewest && client.hasRoom) client.catchUp(this.#lanes.values());
      client.pump();
    }
  }

  #endPause(): void {
    this.#pause = undefined;
    if (this.#isAnyBehind()) this.#wake();
  }

  #isAnyBehind(): boolean {
    for (const client of this.#clients) if (client.hasRoom && client.isBehind(this.#lanes.values())) return true;
    return false;
  }

  #drained(client: ServedClient): void {
    client.pump();
    if (this.#wantsNewest && client.isBehind(this.#lanes.values())) this.#wake();
  }

  #left(client: ServedClient): void {
    if (!this.#clients.delete(client)) return;
    const { sent, dropped, lifecycleDropped } = client.state(this.#events, this.#lanes.values());
    this.#gone = {
      sent: this.#gone.sent + sent,
      dropped: this.#gone.dropped + dropped,
      lifecycleDropped: this.#gone.lifecycleDropped + lifecycleDropped,
      dead: this.#gone.dead,
    };
    this.#options.changed();
  }

  #sign(): void {
    if (this.#clients.size === 0) return;
    const header = this.#options.signOfLife();
    if (header === undefined) return;
    for (const client of this.#clients) {
      if (this.#wantsNewest && client.hasRoom) client.catchUp(this.#lanes.values());
      client.pump();
      client.sign(header, this.#next);
    }
  }

  #probe(): void {
    let dead = 0;
    for (const client of this.#clients) if (client.probe()) dead += 1;
    if (dead > 0) this.#gone = { ...this.#gone, dead: this.#gone.dead + dead };
  }

  #startsAgain(form: Form): readonly Uint8Array[] {
    if (form === "native" || form === "codec") return this.#options.again(form);
    try {
      return Array.from(this.#starts.items, (item) => item.again(form));
    } catch (error) {
      this.#cannot(form, error);
      return [];
    }
  }

  /** Said once for each form: it would be the same with every message. */
  #cannot(form: Form, error: unknown): void {
    if (this.#failed.has(form)) return;
    this.#failed.add(form);
    const why = error instanceof Error ? error.message : String(error);
    this.#options.warn(
      `WebSocketPublisher: a message cannot be written as ${form} and is left out for such clients: ${why}`,
    );
  }

  /** The runs that are open, with how many of their events went to all. */
  #open(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#starts.items, ({ run }) => [run as string, this.#runs.of(run as string) ?? 0]));
  }

  #lane(kind: string): Lane {
    let lane = this.#lanes.get(kind);
    if (lane === undefined) {
      // Those beyond share one, or each would keep an event for ever.
      const name = this.#lanes.size < MOST_LANES ? kind : "";
      lane = this.#lanes.get(name) ?? new Lane();
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
