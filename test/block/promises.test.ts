import { describe, expect, test } from "vitest";
import { Block } from "../../src/block/block.ts";
import type { BlockOptions } from "../../src/block/options.ts";
import type { Replay } from "../../src/listener/listener.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import { HandListener, HandPublisher } from "./hand-driven.ts";

class Unsure extends Publisher {
  override publish(): void {}
}

type Options = Partial<BlockOptions> & { readonly replay?: Replay };

/** Starts a block and gives the reasons for which it is refused. */
async function reasons({ replay = "log", ...options }: Options): Promise<string[]> {
  const listeners = options.listeners ?? [new HandListener(replay)];
  const block = new Block({ name: "b", ...options, listeners });
  const error = await block.start().then(
    () => undefined,
    (one: Error) => one,
  );
  await block.stop();
  if (error === undefined) return [];
  expect(error).toMatchObject({ code: "PROMISE" });
  const [head, ...told] = error.message.split("\n  ");
  expect(head).toBe("block b: cannot keep what it promises:");
  return told;
}

const REFUSED: readonly (readonly [Options, readonly string[]])[] = [
  [
    { guarantee: "at-least-once", replay: "none" },
    ["HandListener cannot give a message again; take a listener on a log or a queue"],
  ],
  [
    { guarantee: "at-least-once", publishers: [new Unsure()] },
    ["Unsure does not confirm; take one that does, or give it required: false"],
  ],
  [
    { guarantee: "at-least-once", publishers: [{ publisher: new HandPublisher(), overflow: "latest" }] },
    ['HandPublisher has overflow "latest"; take "block"'],
  ],
  [{ guarantee: "at-least-once", overflow: "drop-oldest" }, ['the queue has overflow "drop-oldest"; take "block"']],
  [
    { recover: "run", replay: "unacked" },
    ['recover "run" needs a log, and HandListener has replay "unacked"; take a log, or recover "message"'],
  ],
  [{ recover: "run", guarantee: "at-most-once" }, ['recover "run" gives again, guarantee "at-most-once" does not']],
];

describe("promises", () => {
  test.each(REFUSED)("refused - %o", async (options, told) => {
    expect(await reasons(options)).toEqual(told);
  });

  test("refused - with all reasons at once", async () => {
    const told = await reasons({
      guarantee: "at-least-once",
      recover: "run",
      replay: "none",
      overflow: "latest",
      publishers: [{ publisher: new Unsure(), overflow: "drop-newest" }],
    });
    expect(told).toHaveLength(5);
  });

  test.each<Options>([
    { guarantee: "at-least-once", replay: "unacked", publishers: [new HandPublisher()] },
    { guarantee: "at-least-once", publishers: [{ publisher: new Unsure(), required: false }] },
    { guarantee: "at-least-once", recover: "run" },
    { guarantee: "at-most-once", replay: "none", overflow: "latest", publishers: [new Unsure()] },
    { replay: "none", overflow: "latest", publishers: [new Unsure()] },
  ])("kept - %o", async (options) => {
    expect(await reasons(options)).toEqual([]);
  });
});
