import { describe, expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { ZmqPlain } from "../../../src/transports/zmq/plain.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;
const users: ZmqPlain = { users: { sim: "the right word", other: "another word" } };
const sim: ZmqPlain = { username: "sim", password: "the right word" };

const WARNINGS = {
  zmtp: [/refused us: 400/, /uses the security PLAIN, we use NULL|one side uses CURVE or PLAIN/],
  libzmq: [/ended before the handshake was over|does not let|ended in the handshake/, /one side uses|another security/],
} as const;

for (const serving of ["zmtp", "libzmq"] as const) {
  for (const reading of ["zmtp", "libzmq"] as const) {
    describe(`plain - ${serving} serves, ${reading} reads`, () => {
      async function publisher(): Promise<ZmqPublisher> {
        const made = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", plain: users, engine: serving });
        made.onWarning = () => {};
        await made.open(never);
        return made;
      }
      function attempt(made: ZmqPublisher, plain?: ZmqPlain): Attempt {
        const connect = made.endpoints[0] as string;
        const listener = new ZmqListener<AnyMessage>({ connect, engine: reading, ...(plain ? { plain } : {}) });
        return new Attempt(listener, PATIENCE_MS);
      }

      test("the right word - messages come", async () => {
        const made = await publisher();
        await using reader = attempt(made, sim);
        await until(() => made.readers === 1, "a subscriber");
        await made.publish(new Event({ number: 1 }, Uint8Array.of(1)));
        await reader.until(() => reader.inlet.taken.length === 1, "the message");
        await made.close();
      });

      for (const [what, plain, index] of [
        ["a wrong word", { username: "sim", password: "another word" }, 0],
        ["a name that is not known", { username: "toString", password: "the right word" }, 0],
        ["nothing", undefined, 1],
      ] as const) {
        test(`${what} - is a warning, no connection, and no end`, async () => {
          const made = await publisher();
          await using reader = attempt(made, plain);
          await reader.until(() => reader.inlet.warnings.length > 0, "a warning");
          expect(reader.inlet.warnings[0]).toMatch(WARNINGS[reading][index]);
          expect(reader.inlet.warnings.join()).not.toMatch(/right word|another word/);
          expect(reader.inlet.readyAt).toEqual([]);
          expect(reader.ending).toBeUndefined();
          expect(made.readers).toBe(0);
          await made.close();
        });
      }
    });
  }
}
