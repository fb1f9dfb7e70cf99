import { expect, test } from "vitest";
import { Block } from "../../src/block/block.ts";
import { type Inlet, Listener } from "../../src/listener/listener.ts";
import { Event } from "../../src/message/event.ts";
import { Operator } from "../../src/operator/operator.ts";

const MANY = 2_000_000;

/** Brings one message a go, and never by itself lets timers and sockets have their turn. */
class Breathless extends Listener {
  brought = 0;
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const message = new Event({}, new Uint8Array(8));
    while (!signal.aborted && this.brought < MANY) {
      this.brought += 1;
      await inlet.put(message);
    }
  }
}

class Alone extends Operator {
  override process(): undefined {}
}

for (const [kind, process] of [
  ["at once", (): undefined => undefined],
  ["by a promise", async (): Promise<undefined> => undefined],
] as const) {
  test(`turns - a listener that brings one message a go, worked on ${kind}: timers and sockets have theirs`, async () => {
    const listener = new Breathless();
    const operator = new Alone();
    operator.process = process as () => undefined;
    const block = new Block({ name: "b", listeners: [listener], operator });
    setTimeout(() => void block.stop(), 1);
    await block.start();
    const account = await block.finished;
    expect(listener.brought).toBeLessThan(MANY);
    expect(account).toMatchObject({ received: listener.brought, finished: listener.brought, left: 0 });
  });
}
