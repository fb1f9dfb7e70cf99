/** Hears how the connections of a listener stand. */
export interface LinksTold {
  /** Everything is connected for the first time. */
  ready(): void;
  /** The listener is connected, or no longer is. */
  connected(isUp: boolean): void;
  /** Nobody answers for a while. */
  silent(address: string): void;
}

interface Link {
  readonly address: string;
  /** True for one that connects: it has to have a peer. */
  readonly isNeeded: boolean;
  peers: number;
  timer: NodeJS.Timeout | undefined;
}

const SILENT_MS = 5000;

/** Judges from the peers of several sockets whether a listener is ready and connected. */
export class Links {
  readonly #told: LinksTold;
  readonly #links: Link[] = [];
  #isOpen = false;
  #isReady = false;
  #isUp: boolean | undefined;

  constructor(told: LinksTold) {
    this.#told = told;
  }

  /** Adds a socket: one that connects, or one that binds. Gives what is to be told of its peers. */
  add(address: string, isNeeded: boolean, peers = 0): (peers: number) => void {
    const link: Link = { address, isNeeded, peers, timer: undefined };
    this.#links.push(link);
    return (count) => {
      link.peers = count;
      this.#judge();
    };
  }

  /** Says that every address is bound, and every connection asked for. */
  open(): void {
    this.#isOpen = true;
    this.#judge();
  }

  close(): void {
    this.#isOpen = false;
    for (const link of this.#links) clearTimeout(link.timer);
  }

  #judge(): void {
    if (!this.#isOpen) return;
    for (const link of this.#links) this.#watch(link);
    const areAllThere = this.#links.every((link) => !link.isNeeded || link.peers > 0);
    const isUp = areAllThere && this.#links.some((link) => link.peers > 0);
    if (isUp !== this.#isUp) this.#told.connected(isUp);
    this.#isUp = isUp;
    if (!areAllThere || this.#isReady) return;
    this.#isReady = true;
    this.#told.ready();
  }

  #watch(link: Link): void {
    if (!link.isNeeded) return;
    if (link.peers > 0) {
      clearTimeout(link.timer);
      link.timer = undefined;
    } else {
      link.timer ??= setTimeout(() => this.#told.silent(link.address), SILENT_MS).unref();
    }
  }
}
