import { beforeEach, describe } from "vitest";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";

let current: EngineName = "zmtp";

/** Gives the engine that is under test. */
export function engine(): EngineName {
  return current;
}

/** Runs tests once with each engine. */
export function withEachEngine(define: () => void): void {
  for (const name of ["zmtp", "libzmq"] as const) {
    describe(`engine ${name}`, () => {
      beforeEach(() => {
        current = name;
      });
      define();
    });
  }
}
