import { describe, expect, test } from "vitest";
import { AckPrefix } from "../../src/queue/ack-prefix.ts";
import type { Settlement } from "../../src/queue/settlement.ts";
import { below } from "./history.ts";

const FIRST_SEED = Number(process.env.ARROYO_SEED ?? 1);
const HISTORIES = process.env.ARROYO_LONG === "1" ? 5_000 : 500;

/** Takes commits and keeps each running until it is told its end. */
class Log {
  readonly commits: number[] = [];
  readonly #running: { resolve: () => void; reject: (error: Error) => void }[] = [];

  readonly commit = (sequence: number): Promise<void> => {
    this.commits.push(sequence);
    return new Promise((resolve, reject) => this.#running.push({ resolve, reject }));
  };

  get running(): number {
    return this.#running.length;
  }

  async end(error?: Error): Promise<void> {
    const commit = this.#running.shift();
    if (error === undefined) commit?.resolve();
    else commit?.reject(error);
    await settled();
  }
}

/** Lets all promises run that are ready. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("ack prefix", () => {
  test("ack prefix - commits the highest sequence before which all is acked", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const [a, b, c, d] = [10, 20, 35, 36].map((sequence) => prefix.track(sequence));
    void b?.ack();
    void d?.ack();
    expect(commits).toEqual([]);
    void a?.ack();
    expect(commits).toEqual([20]);
    void c?.ack();
    expect(commits).toEqual([20, 36]);
  });

  test("ack prefix - commits nothing from the first nacked message on", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const settlements = [0, 1, 2, 3].map((sequence) => prefix.track(sequence));
    void settlements[3]?.ack();
    void settlements[2]?.nack("failed");
    void settlements[1]?.ack();
    void settlements[0]?.ack();
    void prefix.track(4).ack();
    expect(commits).toEqual([1]);
  });

  test("ack prefix - settling twice is ignored", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const [first, second, third] = [0, 1, 2].map((sequence) => prefix.track(sequence));
    for (const settlement of [first, first, second]) void settlement?.ack();
    for (const settlement of [first, second]) void settlement?.nack("stopped");
    void third?.ack();
    expect(commits).toEqual([0, 1, 2]);
  });

  test("ack prefix - one commit runs at a time and the next one skips to the newest", async () => {
    const log = new Log();
    const prefix = new AckPrefix(log.commit);
    const acks = [0, 1, 2, 3].map((sequence) => prefix.track(sequence).ack());
    expect(log.commits).toEqual([0]);
    await log.end();
    expect(log.commits).toEqual([0, 3]);
    expect(log.running).toBe(1);
    await log.end();
    await Promise.all(acks);
  });

  test("ack prefix - an ack that moves nothing gives no promise", () => {
    const log = new Log();
    const prefix = new AckPrefix(log.commit);
    const [first, second] = [prefix.track(0), prefix.track(1)];
    expect(second.ack()).toBeUndefined();
    expect(first.ack()).toBeInstanceOf(Promise);
    expect(first.ack()).toBeUndefined();
  });

  test("ack prefix - the error of a commit reaches those who caused it, and the next commit still comes", async () => {
    const log = new Log();
    const prefix = new AckPrefix(log.commit);
    const ends = [0, 1, 2].map((sequence) => Promise.resolve(prefix.track(sequence).ack()).then(() => "done", String));
    await log.end(new Error("broker gone"));
    await log.end();
    expect(await Promise.all(ends)).toEqual(["Error: broker gone", "done", "done"]);
    expect(log.commits).toEqual([0, 2]);
  });

  test("ack prefix - a commit that throws at once does so out of ack, and a later one covers it", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => {
      if (sequence === 0) throw new Error("closed");
      commits.push(sequence);
    });
    const [first, second] = [prefix.track(0), prefix.track(1)];
    expect(() => first.ack()).toThrow("closed");
    void second.ack();
    expect(commits).toEqual([1]);
  });

  test("ack prefix - a commit that acks is not called within itself", async () => {
    const commits: number[] = [];
    let depth = 0;
    const prefix: AckPrefix = new AckPrefix((sequence) => {
      depth += 1;
      expect(depth).toBe(1);
      if (sequence < 3) void prefix.track(sequence + 1).ack();
      commits.push(sequence);
      depth -= 1;
    });
    void prefix.track(0).ack();
    await settled();
    expect(commits).toEqual([0, 1, 2, 3]);
  });

  test("ack prefix - a hundred thousand unfinished messages are no trouble", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const settlements = Array.from({ length: 100_000 }, (_, sequence) => prefix.track(sequence));
    for (const settlement of settlements.slice(1).reverse()) void settlement.ack();
    expect(commits).toEqual([]);
    void settlements[0]?.ack();
    expect(commits).toEqual([99_999]);
  });

  test(`ack prefix - ${HISTORIES} random histories go as in a plain list, from seed ${FIRST_SEED}`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      const random = below(seed);
      const commits: number[] = [];
      const prefix = new AckPrefix((sequence) => void commits.push(sequence));
      const tracked: { sequence: number; settlement: Settlement; state: "open" | "acked" | "nacked" }[] = [];
      const expected: number[] = [];
      let sequence = random(5) * 2 ** 40;
      const eager = 1 + random(6);
      for (let step = 0; step < 600; step++) {
        if (random(10) < 5) {
          sequence += 1 + random(3);
          tracked.push({ sequence, settlement: prefix.track(sequence), state: "open" });
        } else {
          const open = tracked.filter(({ state }) => state === "open");
          const one = (random(eager) === 0 ? tracked : open)[random(Math.max(1, random(2) === 0 ? 1 : open.length))];
          if (one === undefined) continue;
          const nack = random(400) === 0;
          if (one.state === "open") one.state = nack ? "nacked" : "acked";
          void (nack ? one.settlement.nack("failed") : one.settlement.ack());
          const end = tracked.findIndex(({ state }) => state !== "acked");
          const last = tracked[(end < 0 ? tracked.length : end) - 1]?.sequence;
          if (last !== undefined && last !== expected.at(-1)) expected.push(last);
        }
        if (commits.at(-1) !== expected.at(-1)) expect(commits, `seed ${seed}, step ${step}`).toEqual(expected);
      }
      expect(commits, `seed ${seed}`).toEqual(expected);
    }
  });
});
