import { type Codec, Event, type Message, NdArray, Start, Stop } from "arroyojs";
import { oneOfEverything } from "arroyojs/testing";
import { expect, test } from "vitest";
import { Push } from "zeromq";
import { HOSTILE_JSON, HOSTILE_MESSAGES, HOSTILE_MSGPACK } from "../corpus/hostile-payloads.ts";
import { mutated } from "../corpus/mutations.ts";
import { MUTATIONS, SEED, Seeded } from "../corpus/seeded.ts";
import { expectSums } from "../process/accounts.ts";
import { Child } from "../process/child.ts";
import { Places } from "../transports/zmq/places.ts";
import { CODECS, GOOD } from "./programs/agreed.ts";
import type { ReaderOrder, ReaderWord } from "./programs/reader.ts";

type Wire = readonly Uint8Array[];

const program = new URL("programs/reader.ts", import.meta.url);
const BATCH = 500;
/** Warm: the caches of sources, runs and reasons are full, the functions compiled. */
const WARM = MUTATIONS * 0.3;
/** What may come and go all the same: the collector, libzmq, a run that is open. */
const ALLOWED_GROWTH = 16 * 2 ** 20;
const IMAGE = new NdArray(Uint16Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

/** Messages that the codec can write, to be damaged; each time of another publisher. */
function goodWires(name: string): Wire[] {
  const messages: Message[] = [
    ...oneOfEverything(),
    new Start({ width: 3 }, { run: "other" }),
    new Event({ picture: 1 }, IMAGE, { run: "other" }),
    new Stop({}, { run: "other" }),
  ];
  const write = (CODECS[name] as Codec).writer({ stream: "camera" });
  const wires = messages.flatMap((message, index) => {
    try {
      return [...write(message, index % 2 === 0 ? {} : { topic: "light" }), write.signOfLife?.() ?? []];
    } catch {
      // A format need not have a form for everything.
      return [];
    }
  });
  // Arrays of their own: damage to a slice of a Buffer is damage to the Buffer.
  const own = wires.map((frames) => frames.map((frame) => Uint8Array.from(frame)));
  return own.filter((frames) => frames.length > 0);
}

/** A run that must come through whatever came before it. */
function goodRun(name: string, number: number): Wire[] {
  const run = `good-${number}`;
  const payload = new NdArray(Uint16Array.of(GOOD, number), [1, 2]);
  const write = (CODECS[name] as Codec).writer({ stream: run });
  const messages = [new Start({}, { run }), new Event({ number }, payload, { run }), new Stop({}, { run })];
  return messages.flatMap((message) => write(message));
}

for (const name of Object.keys(CODECS)) {
  test(`hostile - ${name}: what is no message is counted, what is one still arrives (seed ${SEED})`, async () => {
    await using places = new Places();
    const address = await places.free("ipc");
    const push = new Push({ linger: 0 });
    await push.bind(address);
    await using reader = new Child<ReaderWord, ReaderOrder>(program, { flags: ["--expose-gc"], args: [name, address] });
    const random = new Seeded(SEED);
    const hostile = [...HOSTILE_MESSAGES, ...HOSTILE_MSGPACK, ...HOSTILE_JSON].map(({ bytes }) => bytes);
    let sent = 0;
    let goods = 0;
    const send = async (wire: Wire): Promise<void> => {
      // Without a frame there is no message.
      if (wire.length === 0) return;
      await push.send(wire as Uint8Array[]);
      sent += 1;
    };
    const isGood = (word: ReaderWord): boolean => word.say === "good" && word.number === goods;
    const measure = async (): Promise<number> => {
      const known = reader.words.length;
      reader.order({ do: "measure" });
      const answer = (): ReaderWord | undefined => reader.words.slice(known).find((word) => word.say === "memory");
      await reader.until(() => answer() !== undefined, "its memory");
      return (answer() as { readonly bytes: number }).bytes;
    };

    let warm: number | undefined;
    for (let batch = 0; batch < MUTATIONS / BATCH; batch += 1) {
      const wires = goodWires(name);
      for (let index = 0; index < BATCH; index += 1) {
        const plain = random.chance(0.2);
        const head = random.chance(0.5) ? [random.pick(wires)[0] as Uint8Array] : [];
        await send(plain ? [...head, random.pick(hostile)] : mutated(random.pick(wires), random));
      }
      goods += 1;
      for (const wire of goodRun(name, goods)) await send(wire);
      await reader.until(() => reader.words.some(isGood), `the good run after ${sent} messages`);
      if (warm === undefined && sent >= WARM) warm = await measure();
    }
    const growth = (await measure()) - (warm as number);
    reader.order({ do: "stop" });
    const { account, decodings } = await reader.heard((word) => word.say === "end", "its account");
    expect(await reader.end()).toEqual({ code: 0, signal: null });
    push.close();

    expectSums(account);
    expect(growth, `${growth} bytes more after ${sent} messages`).toBeLessThan(ALLOWED_GROWTH);
    expect(decodings.wire + overLimits(account.reasons)).toBe(sent);
    expect(account.rejected).toBe(decodings.refused + decodings.refusedLater + overLimits(account.reasons));
    const copies = (account.reasons["copy of a Start"] ?? 0) + (account.reasons["duplicate"] ?? 0);
    expect(account.received + copies).toBe(decodings.messages - decodings.control);
    if (name !== "raw") expect(account.rejected).toBeGreaterThan(sent / 4);
    expect(account.left).toBe(0);
  });
}

/** What was refused for its size, before the codec saw it. */
function overLimits(reasons: Readonly<Record<string, number>>): number {
  const sizes = Object.entries(reasons).filter(([reason]) => /^rejected: \d+ (frames|bytes), at most/.test(reason));
  return sizes.reduce((sum, [, times]) => sum + times, 0);
}
