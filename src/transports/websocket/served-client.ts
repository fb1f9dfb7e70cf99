import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { withSkipped } from "../../message/native/rewriting.ts";
import { type ClientBounds, ClientQueue } from "./client-queue.ts";
import type { Item } from "./item.ts";
import type { Lane } from "./lane.ts";
import { RunEvents } from "./run-events.ts";
import type { Form } from "./subprotocols.ts";
import { toldTo } from "./told.ts";

/** Says how one client is doing. */
export interface WebSocketClientState {
  /** The address and port of the other side. */
  readonly address: string;
  /** The form of what it gets; `codec` is the publisher's own. */
  readonly form: Form;
  /** Events that it was given since it came. */
  readonly sent: number;
  /** Events that it was not given, because it did not keep up or wants only the newest. */
  readonly dropped: number;
  /** Starts and Stops of whole runs that fell out, because they alone filled its bound. */
  readonly lifecycleDropped: number;
  /** Bytes that wait for it in this process. */
  readonly waitingBytes: number;
}

/** Is told what happens at a client. */
export interface ClientWatch {
  /** All that was sent has left. */
  drained(client: ServedClient): void;
  left(client: ServedClient): void;
  /** A message could not be written in this client's form. */
  failed(form: Form, error: unknown): void;
}

/** Holds what a client is made of. */
export interface ClientParts {
  readonly socket: WebSocket;
  /** The connection below it. */
  readonly stream: Duplex;
  readonly form: Form;
  readonly address: string;
  readonly bounds: ClientBounds;
  /** How many events went to everybody before it came. */
  readonly events: number;
  /** The sequence after that of the last of them. */
  readonly next: number;
  readonly watch: ClientWatch;
}

/** As much may be on its way in the socket before more of the queue follows. */
const UNDER_WAY_BYTES = 64 * 1024;
const OPEN = 1;
/** A pong is due for each ping, but not to somebody who never reads. */
const PONG_BYTES = 1024;

/** Stands for one client: what waits for it, what it was given, and whether it still lives. */
export class ServedClient {
  readonly form: Form;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #watch: ClientWatch;
  readonly #address: string;
  readonly #queue: ClientQueue;
  /** For each kind of events: the number after that of the last one that was put in the queue. */
  readonly #queued = new Map<Lane, number>();
  /** What it was given of each run; of a run that was open before it came, as if it had been given all until then. */
  readonly #runs = new RunEvents();
  /** The runs that were open before it came. */
  readonly #joined = new Set<string>();
  /** The sequence after that of the last event that was sent. */
  #next: number;
  /** Events that went to everybody since it came, less its own. */
  #base: number;
  #sent = 0;
  #isAlive = true;
  #unwritten: number | undefined;

  constructor({ socket, stream, form, address, bounds, events, next, watch }: ClientParts) {
    this.form = form;
    this.#socket = socket;
    this.#stream = stream;
    this.#watch = watch;
    this.#address = address;
    this.#base = events;
    this.#next = next;
    this.#queue = new ClientQueue(bounds, () => socket.bufferedAmount);
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    socket.on("ping", (data) => {
      this.#isAlive = true;
      if (socket.bufferedAmount < PONG_BYTES) socket.pong(data);
    });
    socket.on("message", () => socket.close(1008, "this publisher takes no messages"));
    // What it says is told by the close that follows.
    socket.on("error", () => undefined);
    socket.once("close", () => watch.left(this));
  }

  /** True when more of the queue may follow. */
  get hasRoom(): boolean {
    return this.#socket.readyState === OPEN && this.#socket.bufferedAmount < UNDER_WAY_BYTES;
  }

  /** True when everything that it was given has left this process, or it takes nothing more. */
  get isDone(): boolean {
    if (this.#socket.readyState !== OPEN) return true;
    return this.#queue.length === 0 && this.#socket.bufferedAmount === 0;
  }

  /** How it is doing, among so many events that went to everybody. */
  state(events: number, lanes: Iterable<Lane>): WebSocketClientState {
    const { length: _, bytes, lifecycleDropped } = this.#queue;
    let waiting = this.#queue.events;
    for (const lane of lanes) if (this.#isBehindIn(lane)) waiting += 1;
    return {
      address: this.#address,
      form: this.form,
      sent: this.#sent,
      dropped: events - this.#base - this.#sent - waiting,
      lifecycleDropped,
      waitingBytes: bytes + this.#socket.bufferedAmount,
    };
  }

  /** Begins with the Starts of the open runs, of which so many events went to all, and the newest events. */
  greet(starts: readonly Uint8Array[], lanes: Iterable<Lane>, open: ReadonlyMap<string, number>): void {
    for (const start of starts) this.#write([start]);
    const shown: Item[] = [];
    for (const lane of lanes) {
      const { newest } = lane;
      this.#queued.set(lane, lane.count);
      if (newest !== undefined && (newest.run === undefined || open.has(newest.run))) shown.push(newest);
    }
    for (const [run, events] of open) {
      this.#joined.add(run);
      this.#runs.begin(run, events - shown.filter((item) => item.run === run).length);
    }
    shown.sort(bySequence);
    this.#next = shown[0]?.sequence ?? this.#next;
    this.#base -= shown.length;
    for (const item of shown) {
      item.keep();
      this.#queue.add(item);
    }
    this.pump();
  }

  /** Takes an item; whoever wants all events is given those too. */
  add(item: Item): void {
    if (this.#queue.length > 0 && this.#queue.isFullFor(item)) this.pump();
    this.#queue.add(item);
    if (item.lane !== undefined) this.#queued.set(item.lane, item.index + 1);
  }

  /** Takes the newest events that it has not been offered. */
  catchUp(lanes: Iterable<Lane>): void {
    const newer: Item[] = [];
    for (const lane of lanes) if (this.#isBehindIn(lane)) newer.push(lane.newest as Item);
    for (const item of newer.sort(bySequence)) this.add(item);
  }

  /** True when there are newer events than it has been offered. */
  isBehind(lanes: Iterable<Lane>): boolean {
    for (const lane of lanes) if (this.#isBehindIn(lane)) return true;
    return false;
  }

  /** Sends as much of the queue as there is room for. */
  pump(): void {
    if (this.#queue.length === 0 || !this.hasRoom) return;
    this.#stream.cork();
    let room = UNDER_WAY_BYTES - this.#socket.bufferedAmount;
    while (room > 0) {
      const item = this.#queue.shift();
      if (item === undefined) break;
      room -= item.bytes;
      this.#send(item);
    }
    this.#stream.uncork();
  }

  /** Sends a sign of life to one who knows the form, and has nothing else to come. */
  sign(header: Uint8Array, next: number): void {
    if (this.form !== "native" || this.#queue.length > 0 || !this.hasRoom) return;
    this.#write([next === this.#next ? header : toldTo(header, { next: this.#next, events: undefined, missed: 0 })]);
  }

  /** Asks for a sign that it lives; ends the connection where the last one was not answered. True where it did. */
  probe(): boolean {
    const unwritten = unwrittenOf(this.#stream);
    // Whoever reads slowly, and is at it, has no pong to give yet.
    const isReading = this.#unwritten !== undefined && this.#unwritten > 0 && unwritten !== this.#unwritten;
    this.#unwritten = unwritten;
    if (!this.#isAlive && !isReading) {
      this.#socket.terminate();
      return true;
    }
    this.#isAlive = false;
    if (this.#socket.readyState === OPEN) this.#socket.ping();
    return false;
  }

  close(code: number, reason: string): void {
    this.#queue.clear();
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#queue.clear();
    this.#socket.terminate();
  }

  #send(item: Item): void {
    try {
      if (this.form === "native") this.#write(item.native(this.#headerOf(item)));
      else if (this.form === "json") this.#write([item.json()]);
      else if (this.form === "msgpack") this.#write([item.msgpack()]);
      else for (const body of item.bodies) this.#write([body]);
    } catch (error) {
      this.#watch.failed(this.form, error);
      return;
    }
    this.#note(item);
  }

  /** Gives the header that says to this client what was left out for it. */
  #headerOf(item: Item): Uint8Array {
    const { lane, header, kind, run } = item;
    if (lane !== undefined) {
      const missing = item.sequence - this.#next;
      return missing === item.skipped ? header : withSkipped(header, missing);
    }
    const given = kind === "stop" ? this.#runs.of(run as string) : undefined;
    const events = this.#joined.has(run as string) ? undefined : given;
    const isWhole =
      item.next === this.#next && (kind === "start" || (events !== undefined && events === item.runEvents));
    const missed = given === undefined || item.runEvents === undefined ? 0 : item.runEvents - given;
    return isWhole ? header : toldTo(header, { next: this.#next, events, missed });
  }

  #note(item: Item): void {
    const { lane, run, kind } = item;
    if (lane !== undefined) {
      this.#next = item.sequence + 1;
      this.#sent += 1;
    }
    if (run === undefined) return;
    if (kind === "event") {
      this.#runs.count(run);
      return;
    }
    this.#joined.delete(run);
    if (kind === "start") this.#runs.begin(run);
    else this.#runs.end(run);
  }

  #write(pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1;
    const options = { binary: this.form !== "json", compress: false };
    for (let index = 0; index < last; index += 1) {
      this.#socket.send(pieces[index] as Uint8Array, { ...options, fin: false }, ignored);
    }
    this.#socket.send(pieces[last] as Uint8Array, options, (error) => {
      if (error !== undefined && error !== null) return;
      this.#isAlive = true;
      if (this.#socket.bufferedAmount < UNDER_WAY_BYTES) this.#watch.drained(this);
    });
  }

  #isBehindIn(lane: Lane): boolean {
    return lane.newest !== undefined && lane.count > (this.#queued.get(lane) ?? 0);
  }
}

function bySequence(one: Item, other: Item): number {
  return one.sequence - other.sequence;
}

function ignored(): void {}

/** Gives the bytes of a connection that the system has not taken; undefined where Node does not tell. */
function unwrittenOf(stream: Duplex): number | undefined {
  return (stream as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize;
}
