import type { Decoded } from "../../message/codec.ts";
import type { Document } from "../../message/documents/index.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";

/** Acquisitions that are open side by side, because ports are not in step; the oldest is given up first. */
const MOST_OPEN = 4;
/** Ports that are remembered; detectors have up to some hundred. */
const MOST_PORTS = 1024;

interface Open {
  readonly run: string;
  /** Ports from which something came. */
  readonly seen: Set<string>;
  /** Ports that ended it, or went on to the next one. */
  readonly over: Set<string>;
  /** True when a port ended it. */
  ended: boolean;
}

/**
 * Makes runs of the streams of several ports: an acquisition begins with the first header of its number, and ends when
 * all ports have ended it or gone on to another one.
 */
export class AcquisitionsRead {
  readonly #ports: number | undefined;
  readonly #open = new Map<string, Open>();
  /** The ports of the acquisition before. */
  #before: ReadonlySet<string> = new Set();

  constructor(ports: number | undefined) {
    this.#ports = ports;
  }

  /** Takes note of an image; gives the messages that go before it. */
  image(run: string, port: string): readonly Decoded[] {
    const known = this.#open.get(run);
    if (known !== undefined) {
      note(known.seen, port);
      known.over.delete(port);
      return [];
    }
    const before = this.#goOn(port);
    this.#open.set(run, { run, seen: new Set([port]), over: new Set(), ended: false });
    return [...before, { message: new Start({}, { run }) }];
  }

  /** Takes note of the end at a port; gives the Stop when it is the last one. */
  end(run: string, port: string, data: Document): readonly Decoded[] {
    const open = this.#open.get(run);
    if (open === undefined) return [{ message: new Stop(data, { run }) }];
    note(open.seen, port);
    note(open.over, port);
    open.ended = true;
    return this.#isOver(open) ? [this.#close(open, data)] : [];
  }

  /** A port that sends of another acquisition sends nothing more of the one before. */
  #goOn(port: string): readonly Decoded[] {
    const ended: Decoded[] = [];
    for (const open of this.#open.values()) {
      note(open.over, port);
      if (this.#open.size >= MOST_OPEN || this.#isOver(open)) ended.push(this.#close(open, {}));
    }
    return ended;
  }

  #isOver({ seen, over }: Open): boolean {
    if (this.#ports !== undefined) return over.size >= this.#ports;
    for (const port of seen) if (!over.has(port)) return false;
    for (const port of this.#before) if (!over.has(port)) return false;
    return true;
  }

  #close({ run, seen, ended }: Open, data: Document): Decoded {
    this.#open.delete(run);
    this.#before = seen;
    return { message: new Stop(data, { run, reason: ended ? "completed" : "abandoned" }) };
  }
}

function note(ports: Set<string>, port: string): void {
  if (ports.size < MOST_PORTS) ports.add(port);
}
