/** Gives the time and wakes later; passed in, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Calls back once after so many milliseconds, and gives what takes the wish back. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back after timers and sockets had their turn. */
  turn(callback: () => void): void;
}

/** The clock of this machine. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.timeOrigin + performance.now(),
  after(ms: number, callback: () => void) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  turn: (callback: () => void) => void setImmediate(callback),
});
