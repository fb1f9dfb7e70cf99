import type { Clock } from "../time/clock.ts";

/** How long messages are worked on before timers and sockets have their turn. */
const TURN_MS = 8;
/** Work without a break that is longer than this is reported. */
const LONG_MS = 1_000;
const MAX_STRIDE = 256;

/**
 * Tells when to stop so that timers and sockets have their turn. A listener may bring message after message, each worked
 * on alone, without ever letting them: what one go after the other takes is added up until they really had it.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #operator: object;
  /** Messages between two looks at the time, which costs more than a small message does. */
  #stride = 1;
  #count = 0;
  #beganAt = 0;
  #checkedAt = 0;
  #isTurnOver = true;
  #warned = false;

  /** `warn` is told once of work of this operator that gave nobody a turn for too long. */
  constructor(clock: Clock, operator: object, warn: (message: string) => void) {
    this.#clock = clock;
    this.#operator = operator;
    this.#warn = warn;
  }

  /** Begins a go. */
  begin(): void {
    if (!this.#isTurnOver) return;
    this.#isTurnOver = false;
    this.#beganAt = performance.now();
    this.#checkedAt = this.#beganAt;
    this.#count = 0;
    this.#clock.turn(this.#turned);
  }

  /** Counts a message; tells whether it is time for a rest. */
  isOver(): boolean {
    this.#count += 1;
    if (this.#count < this.#stride) return false;
    this.#count = 0;
    const now = performance.now();
    const ms = now - this.#checkedAt;
    if (ms > LONG_MS && this.#stride === 1) this.#warnLong(ms);
    this.#stride = ms > 1 ? Math.max(1, this.#stride >> 1) : Math.min(MAX_STRIDE, this.#stride << 1);
    this.#checkedAt = now;
    return now - this.#beganAt >= TURN_MS;
  }

  readonly #turned = (): void => {
    this.#isTurnOver = true;
    // So few messages took so long: from now on each is looked at.
    if (this.#count > 0 && performance.now() - this.#checkedAt > LONG_MS) this.#stride = 1;
  };

  #warnLong(ms: number): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#warn(
      `${this.#operator.constructor.name}: process computed for ${Math.round(ms)} ms without a break; timers, sockets and ` +
        "heartbeats wait so long: use shorter steps, or parallel() to work in threads",
    );
  }
}
