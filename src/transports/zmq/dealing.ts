import { AbortedError, SplitRunError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Sender, Sending, Target, Wire } from "./sending.ts";

type Frames = readonly Uint8Array[];

/** How long one full peer is waited for before the others are asked again. */
const PATIENCE_MS = 20;

/** Keeps what is known of one socket. */
interface Hand extends Target {
  /** Somebody has been there: what is sent while he is away waits in the socket. */
  isKnown: boolean;
  /** Somebody came who may not have the Starts of the open runs. */
  isOwed: boolean;
}

/** Deals events out in turn (PUSH), and repeats Start and Stop to each socket, so that every reader sees whole runs. */
export class Dealing implements Sending {
  readonly #sender: Sender;
  readonly #hands: readonly Hand[];
  readonly #bound: Hand | undefined;
  #turn = 0;
  #isSending = false;
  #isClosed = false;
  /** Ends the wait for somebody to come. */
  #wake: (() => void) | undefined;

  constructor(sender: Sender, targets: readonly Target[]) {
    this.#sender = sender;
    this.#hands = targets.map((target) => ({ ...target, isKnown: isThere(target), isOwed: false }));
    this.#bound = this.#hands.find((hand) => hand.isBound);
  }

  get readers(): number {
    return this.#hands.reduce((sum, hand) => sum + hand.socket.peers, 0);
  }

  /** Hears that somebody came to a socket where nobody was. */
  came(name: string): void {
    const hand = this.#hands.find((one) => one.name === name);
    if (hand === undefined) return;
    hand.isOwed = true;
    this.#greet(hand);
    this.#wake?.();
  }

  send(wire: Wire, message: AnyMessage): void | Promise<void> {
    this.#refuseSplit(message);
    const [only] = this.#hands;
    const isAlone = only !== undefined && this.#hands.length === 1;
    const later = isAlone ? this.#give(only, wire) : message.type === "event" ? this.#deal(wire) : this.#repeat(wire);
    if (later === undefined) return undefined;
    this.#isSending = true;
    return later.finally(() => {
      this.#isSending = false;
    });
  }

  signOfLife(make: () => Frames | undefined): void {
    if (this.#isSending) return;
    const there = this.#hands.filter((hand) => isThere(hand) && hand.socket.hasRoom);
    const frames = there.length === 0 ? undefined : make();
    if (frames !== undefined) for (const hand of there) hand.socket.take(frames);
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** Gives an event to the next one who is there and has room. */
  #deal(wire: Wire): void | Promise<void> {
    const [first] = wire;
    if (first === undefined) return undefined;
    for (let tried = 0; tried < this.#hands.length; tried += 1) {
      const hand = this.#next();
      if (isThere(hand) && this.#greet(hand) && hand.socket.take(first)) return this.#give(hand, wire, 1);
    }
    return this.#dealLater(first, wire);
  }

  async #dealLater(first: Frames, wire: Wire): Promise<void> {
    for (;;) {
      const there = this.#hands.filter(isThere);
      if (this.#isClosed) throw new AbortedError(this.#sender.subject);
      if (there.length === 0) await this.#someone();
      const hand = this.#next();
      if (!isThere(hand)) continue;
      if (await hand.socket.takeLater(first, PATIENCE_MS)) return this.#give(hand, wire, 1);
    }
  }

  /** Gives a Start or Stop to each. Who has never been there gets the Starts of the open runs when he comes. */
  #repeat(wire: Wire): void | Promise<void> {
    const waiting: Promise<void>[] = [];
    for (const hand of this.#hands) {
      if (!isThere(hand) && !hand.isKnown && this.#sender.again !== undefined) continue;
      const later = isThere(hand) ? this.#give(hand, wire) : this.#leave(hand, wire);
      if (later !== undefined) waiting.push(later);
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  /** Leaves a message for one who is away, as far as there is room. */
  #leave(hand: Hand, wire: Wire): undefined {
    for (const frames of wire) hand.socket.take(frames);
  }

  /** Gives the wire messages from `from` on to one socket; a promise says that it is full. */
  #give(hand: Hand, wire: Wire, from = 0): Promise<void> | undefined {
    if (hand.isOwed) this.#greet(hand);
    for (let index = from; index < wire.length; index += 1) {
      if (!hand.socket.take(wire[index] as Frames)) return this.#giveLater(hand, wire, index);
    }
    return undefined;
  }

  async #giveLater(hand: Hand, wire: Wire, from: number): Promise<void> {
    const isAlone = this.#hands.length === 1;
    for (let index = from; index < wire.length; ) {
      if (await hand.socket.takeLater(wire[index] as Frames, isAlone ? undefined : PATIENCE_MS)) index += 1;
      else if (this.#isClosed) throw new AbortedError(this.#sender.subject);
      // One who went away while others work holds nobody up.
      else if (!isAlone && !isThere(hand)) return;
    }
  }

  /** Gives the Starts of the open runs to one who came; false when there was no room. */
  #greet(hand: Hand): boolean {
    if (!hand.isOwed) return true;
    for (const frames of this.#sender.again?.() ?? []) if (!hand.socket.take(frames)) return false;
    hand.isOwed = false;
    hand.isKnown = true;
    return true;
  }

  #next(): Hand {
    const hand = this.#hands[this.#turn] as Hand;
    this.#turn = (this.#turn + 1) % this.#hands.length;
    return hand;
  }

  #someone(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #refuseSplit({ run }: AnyMessage): void {
    if (run === undefined || this.#bound === undefined || this.#bound.socket.peers <= 1) return;
    throw new SplitRunError(
      `${this.#sender.subject}: ${this.#bound.socket.peers} pullers are connected to ${this.#bound.name}, and a socket ` +
        `that binds would split the run ${JSON.stringify(run)} between them; let the pullers bind, and connect to each ` +
        `of them: connect: ["tcp://...", "tcp://..."] repeats Start and Stop to each`,
    );
  }
}

function isThere(target: Target): boolean {
  return target.isUnseen || target.socket.peers > 0;
}
