import { describe, expect, test } from "vitest";
import { AckPrefix } from "../../src/queue/ack-prefix.ts";
import { DeferredSettlements } from "../../src/queue/deferred-settlements.ts";
import type { Settlement } from "../../src/queue/settlement.ts";

describe("deferred settlements", () => {
  test("deferred settlements - ack all of a prefix with one commit", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const deferred = new DeferredSettlements();
    for (let sequence = 0; sequence < 1_000; sequence++) deferred.add(prefix.track(sequence));
    expect(deferred.size).toBe(1_000);
    void deferred.ackAll();
    expect([deferred.size, commits]).toEqual([0, [999]]);
    void deferred.ackAll();
    expect(commits).toEqual([999]);
  });

  test("deferred settlements - leave alone what lies between theirs", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const mine = new DeferredSettlements();
    const others: Settlement[] = [];
    for (let sequence = 0; sequence < 10; sequence++) {
      const settlement = prefix.track(sequence);
      if (sequence % 4 === 3) others.push(settlement);
      else mine.add(settlement);
    }
    void mine.ackAll();
    expect(commits).toEqual([2]);
    for (const other of others) void other.ack();
    expect(commits).toEqual([2, 6, 9]);
  });

  test("deferred settlements - collapse two prefixes that take turns", () => {
    const commits: number[] = [];
    const prefixes = [0, 1].map(() => new AckPrefix((sequence) => void commits.push(sequence)));
    const deferred = new DeferredSettlements();
    for (let sequence = 0; sequence < 10; sequence++) {
      for (const prefix of prefixes) deferred.add(prefix.track(sequence));
    }
    void deferred.ackAll();
    expect(commits).toEqual([9, 9]);
  });

  test("deferred settlements - nack all, which stops the prefix before them", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const before = prefix.track(0);
    const deferred = new DeferredSettlements();
    for (const sequence of [1, 2, 3]) deferred.add(prefix.track(sequence));
    void deferred.nackAll("stopped");
    void before.ack();
    void prefix.track(4).ack();
    expect(commits).toEqual([0]);
  });

  test("deferred settlements - one that was settled on its own stays as it was", () => {
    const commits: number[] = [];
    const prefix = new AckPrefix((sequence) => void commits.push(sequence));
    const settlements = [0, 1, 2].map((sequence) => prefix.track(sequence));
    const deferred = new DeferredSettlements();
    for (const settlement of settlements) deferred.add(settlement);
    void settlements[0]?.ack();
    void deferred.nackAll("failed");
    void settlements[1]?.ack();
    expect(commits).toEqual([0]);
  });

  test("deferred settlements - settle others one by one, with the reason", () => {
    const told: string[] = [];
    const settlement = (name: string): Settlement => ({
      ack: () => void told.push(`${name} ack`),
      nack: (reason) => void told.push(`${name} ${reason}`),
    });
    const deferred = new DeferredSettlements();
    for (const name of ["a", "b"]) deferred.add(settlement(name));
    void deferred.nackAll("stopped");
    deferred.add(settlement("c"));
    void deferred.ackAll();
    expect(told).toEqual(["a stopped", "b stopped", "c ack"]);
  });

  test("deferred settlements - settle each and then throw the first error", async () => {
    const told: string[] = [];
    const deferred = new DeferredSettlements();
    const settlement = (name: string, ack: () => void | Promise<void>): Settlement => ({
      ack: () => {
        told.push(name);
        return ack();
      },
      nack: () => {},
    });
    const refuse = (): never => {
      throw new Error("refused");
    };
    deferred.add(settlement("throws", refuse));
    deferred.add(settlement("ends well", () => {}));
    expect(() => deferred.ackAll()).toThrow("refused");
    deferred.add(settlement("rejects", () => Promise.reject(new Error("gone"))));
    deferred.add(settlement("resolves", () => Promise.resolve()));
    await expect(deferred.ackAll()).rejects.toThrow("gone");
    expect(told).toEqual(["throws", "ends well", "rejects", "resolves"]);
  });
});
