import { setTimeout as pause } from "node:timers/promises";
import type { Context, Socket } from "zeromq";

type Package = Pick<typeof import("zeromq"), "Context" | "Push">;

/** A socket, and the two ends of its monitor. */
const SLOTS_PER_SOCKET = 3;
const LONGEST_PAUSE_MS = 16;
/** Long after the last probe has let go of its slot. */
const REST_MS = 1000;

/** Contexts that nobody uses, by their number of slots: libzmq ends their threads only with the process. */
const unused = new Map<number, Context[]>();

/**
 * Holds a context of libzmq with exactly as many slots as its sockets need. libzmq never says what has left, and a process
 * that ends while received frames are still on their way out crashes: the package frees them first. But a closed socket
 * keeps its slot until its last byte is with the kernel, and that can be seen.
 */
export class OwnContext {
  readonly native: Context;
  readonly #zmq: Package;
  readonly #slots: number;

  constructor(zmq: Package, sockets: number, others = 0) {
    this.#zmq = zmq;
    this.#slots = sockets * SLOTS_PER_SOCKET + others;
    this.native = unused.get(this.#slots)?.pop() ?? new zmq.Context({ maxSockets: this.#slots });
  }

  /**
   * Resolves when all its sockets are closed and what they had to send has left, or has been given up after their linger;
   * to false when that did not happen in time.
   */
  async freed(patienceMs: number): Promise<boolean> {
    const deadline = performance.now() + patienceMs;
    for (let pauseMs = 1; !this.#isFree(); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (performance.now() > deadline) return false;
      await pause(pauseMs);
    }
    setTimeout(() => unused.set(this.#slots, [...(unused.get(this.#slots) ?? []), this.native]), REST_MS).unref();
    return true;
  }

  #isFree(): boolean {
    const probes: Socket[] = [];
    try {
      while (probes.length < this.#slots) probes.push(new this.#zmq.Push({ context: this.native, linger: 0 }));
      return true;
    } catch {
      return false;
    } finally {
      for (const probe of probes) probe.close();
    }
  }
}
