import { describe, expect, test } from "vitest";
import { Event } from "../../../../src/message/event.ts";
import { until } from "../../../../src/testing/conformance/until.ts";
import { Places } from "../places.ts";
import { Collected, heardBy, Ours, send } from "./ours.ts";

for (const transport of ["inproc", "tcp", "ipc"] as const) {
  describe(`our own sockets over ${transport}`, () => {
    test("PUSH to PULL - everything in order, also where the reader waits", async () => {
      await using places = new Places();
      await using ours = new Ours();
      const [push, pull] = [await ours.writing("push"), await ours.reading("pull")];
      push.connect(await pull.bind(await places.free(transport)));
      const collected = Collected.from(pull);
      for (let index = 0; index < 200; index += 1) {
        if (index === 50) collected.stop();
        if (index === 60) collected.go();
        await send(push, String(index), Buffer.alloc(index * 500));
      }
      await collected.until(200);
      const got = collected.messages.map(([head, body]) => `${Buffer.from(head as Uint8Array)},${body?.length}`);
      expect(got).toEqual(Array.from({ length: 200 }, (_, index) => `${index},${index * 500}`));
    });

    test("PUB to SUB - the joiner alone gets what is for it, before all else", async () => {
      await using places = new Places();
      await using ours = new Ours();
      const pub = await ours.writing("pub");
      const address = await pub.bind(await places.free(transport));
      const heard = heardBy(pub, (_prefix, isWanted, joiner) => {
        if (isWanted) joiner?.take([Buffer.from("start")]);
        pub.take([Buffer.from("first")]);
      });
      const subs = [await ours.reading("sub"), await ours.reading("sub")];
      const collected = subs.map((sub) => Collected.from(sub));
      for (const [index, sub] of subs.entries()) {
        sub.subscribe("");
        sub.connect(address);
        await until(() => heard.length === index + 1, "a subscription");
      }
      await collected[1]?.until(2);
      await collected[0]?.until(3);
      expect(collected.map(({ texts }) => texts)).toEqual([
        ["start", "first", "first"],
        ["start", "first"],
      ]);
    });

    test("several pushers - each gets its turn, though one never stops", async () => {
      await using places = new Places();
      await using ours = new Ours();
      const pull = await ours.reading("pull");
      const address = await pull.bind(await places.free(transport));
      const pushes = [await ours.writing("push"), await ours.writing("push"), await ours.writing("push")];
      for (const push of pushes) push.connect(address);
      await until(() => pull.peers === 3, "three pushers");
      let isOver = false;
      const sending = pushes.map(async (push, index) => {
        for (let sent = 0; !isOver && (index === 0 || sent < 20); sent += 1) {
          if (!push.take([Uint8Array.of(index)])) await push.takeLater([Uint8Array.of(index)], 100);
          if (sent % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
        }
      });
      const counts = [0, 0, 0];
      void pull.receive(([frame]) => {
        counts[frame?.[0] as number] = (counts[frame?.[0] as number] as number) + 1;
        // Every message is waited for.
        return Promise.resolve();
      });
      await until(() => counts[1] === 20 && counts[2] === 20, "the messages of the other two");
      isOver = true;
      pull.close();
      await Promise.all(sending);
    });

    test("a sender that ends - what it had sent is read to the end, also late", async () => {
      await using places = new Places();
      await using ours = new Ours();
      const pull = await ours.reading("pull");
      const address = await pull.bind(await places.free(transport));
      const collected = Collected.from(pull);
      collected.stop();
      const sender = new Ours();
      const push = await sender.writing("push");
      push.connect(address);
      for (let index = 0; index < 30; index += 1) await send(push, String(index), Buffer.alloc(1000));
      await sender.close();
      collected.go();
      await collected.until(30);
    });
  });
}

describe("memory", () => {
  test("small messages that are kept do not keep what was read with them", async () => {
    await using ours = new Ours();
    const [push, pull] = [await ours.writing("push"), await ours.reading("pull")];
    push.connect(await pull.bind("tcp://127.0.0.1:*"));
    const collected = Collected.from(pull);
    for (let index = 0; index < 1000; index += 1) await send(push, "head", Buffer.alloc(100, index));
    await collected.until(1000);
    const payloads = collected.messages.map((frames) => frames[1] as Uint8Array);
    const kept = payloads.map((payload) => new Event({}, payload).keep().payload);
    expect(kept.every(({ buffer }) => buffer.byteLength === 100)).toBe(true);
    expect(kept.every((one, index) => one[99] === (index & 255))).toBe(true);
  });

  test("a peer of bad will - costs its connection, nobody else's", async () => {
    await using ours = new Ours({ maxUnready: 2, maxPeers: 3, maxPrefixes: 10 });
    const pub = await ours.writing("pub");
    const address = await pub.bind("tcp://127.0.0.1:*");
    const heard = heardBy(pub);
    const greedy = await ours.reading("sub");
    for (let index = 0; index < 11; index += 1) greedy.subscribe(`topic ${index}`);
    greedy.connect(address);
    const honest = await ours.reading("sub");
    honest.subscribe("honest");
    honest.connect(address);
    await until(() => heard.includes("+honest"), "the honest one");
    await until(() => ours.troubles.length > 0, "trouble");
    expect(ours.troubles[0]).toMatch(/asks for too much: at most 10 topics/);
    expect(pub.peers).toBeGreaterThan(0);
  });
});
