import { describe, expect, test } from "vitest";
import { Block } from "../../../src/block/block.ts";
import type { Inlet } from "../../../src/listener/listener.ts";
import { Listener } from "../../../src/listener/listener.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { ClientOverflow } from "../../../src/transports/websocket/client-queue.ts";
import { WebSocketListener } from "../../../src/transports/websocket/websocket-listener.ts";
import { WebSocketPublisher } from "../../../src/transports/websocket/websocket-publisher.ts";
import { freePort, Relay } from "./ends.ts";

/** Brings what a test gives it, and ends with its block. */
class Given extends Listener<AnyMessage> {
  #inlet: Inlet<AnyMessage> | undefined;

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    this.#inlet = inlet;
    inlet.ready();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  async give(message: AnyMessage): Promise<void> {
    await this.#inlet?.put(message);
  }
}

const EVENTS = 300;

/** Publishes one run of large events to a block that begins to work only when all of them were published. */
async function slowReader(overflow: ClientOverflow, joinsAt = 0) {
  const given = new Given();
  const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, overflow, maxBytes: 1_000_000, intervalMs: 1 });
  await using source = new Block({ name: "source", listeners: [given], publishers: [publisher] });
  await source.start();
  await source.ready();
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const numbers: unknown[] = [];
  const lost: unknown[] = [];
  await using reader = new Block({
    name: "reader",
    listeners: [new WebSocketListener<AnyMessage>({ url: publisher.endpoint as string })],
    maxMessages: 4,
    operator: async (message) => {
      if (message.type === "event") numbers.push(message.field("n"));
      await gate;
    },
  });
  reader.on("lost", (news) => lost.push(news));
  const joins = async (): Promise<void> => {
    await reader.start();
    await reader.ready();
    await until(() => publisher.clients.length === 1, "the reader to be known");
  };
  if (joinsAt === 0) await joins();
  await given.give(new Start({}, { run: "scan" }));
  for (let n = 0; n < EVENTS; n += 1) {
    if (n > 0 && n === joinsAt) {
      await until(() => source.account.published === n + 1, "what came before");
      await joins();
    }
    await given.give(new Event({ n }, new Uint8Array(50_000), { run: "scan" }));
  }
  await given.give(new Stop({}, { run: "scan" }));
  await until(() => source.account.published === EVENTS + 2, "everything to be published");
  open();
  await until(() => reader.account.runs[0]?.ended !== undefined, "the end of the run");
  await until(() => reader.account.left === 0, "everything to be finished");
  const [run] = reader.account.runs;
  const counts = publisher.counts;
  await reader.stop();
  await source.stop();
  return { run, numbers, lost, counts, source: source.account, reader: reader.account };
}

describe("two blocks", () => {
  test.each<ClientOverflow>(["latest", "drop-oldest", "drop-newest"])(
    "%s - what a slow reader was not given is dropped upstream, exactly, and never lost",
    async (overflow) => {
      const { run, numbers, lost, counts, source, reader } = await slowReader(overflow);
      expect(source).toMatchObject({ published: EVENTS + 2, dropped: 0, failed: 0, left: 0 });
      expect(run).toMatchObject({ ended: "completed", lost: 0, events: numbers.length });
      expect(numbers.length).toBeGreaterThan(0);
      expect(numbers.length).toBeLessThan(EVENTS);
      expect((run?.events ?? 0) + (run?.droppedUpstream ?? 0)).toBe(EVENTS);
      // The source is this very publisher: what it left out for this client was not sent, so it is not missing.
      expect(run?.missing).toBeUndefined();
      expect(counts).toMatchObject({ sent: numbers.length, dropped: EVENTS - numbers.length });
      expect(lost).toEqual([]);
      expect([...numbers].sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
      expect(reader.received).toBe(numbers.length + 2);
    },
  );

  test.each<ClientOverflow>(["latest", "drop-oldest", "drop-newest"])(
    "%s - a late joiner knows where it joined, and loses nothing",
    async (overflow) => {
      const { run, lost } = await slowReader(overflow, 100);
      expect(run).toMatchObject({ ended: "completed", lost: 0, joinedAt: expect.any(Number) });
      expect(run?.missing).toBeUndefined();
      expect(lost).toEqual([]);
    },
  );

  test("a late joiner that keeps up - is told exactly what was sent, so that the end of a chain can compare", async () => {
    const given = new Given();
    const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, overflow: "drop-oldest" });
    await using source = new Block({ name: "source", listeners: [given], publishers: [publisher] });
    await source.start();
    await source.ready();
    await given.give(new Start({}, { run: "scan" }));
    for (let n = 0; n < 10; n += 1) await given.give(new Event({ n }, new Uint8Array(8), { run: "scan" }));
    await until(() => source.account.published === 11, "what came before");
    const stops: Stop[] = [];
    await using reader = new Block({
      name: "reader",
      listeners: [new WebSocketListener<AnyMessage>({ url: publisher.endpoint as string })],
      operator: (message: AnyMessage) => {
        if (message.type === "stop") stops.push(message);
      },
    });
    await reader.start();
    await until(() => publisher.clients.length === 1, "the reader to be known");
    for (let n = 10; n < 20; n += 1) await given.give(new Event({ n }, new Uint8Array(8), { run: "scan" }));
    await given.give(new Stop({}, { run: "scan" }));
    await until(() => stops.length === 1, "the Stop");
    expect(stops[0]?.account?.sent).toEqual([{ stream: "source", partition: "", from: 0, to: 20, events: 20 }]);
    expect(reader.account.runs[0]).toMatchObject({ lost: 0, droppedUpstream: 0 });
    expect(reader.account.runs[0]?.missing).toBeUndefined();
    await reader.stop();
    await source.stop();
  });
});

describe("a connection that is cut in the middle of a run", () => {
  test("what was left out before stays left out, what was missed in between is lost, and no more", async () => {
    const given = new Given();
    const publisher = new WebSocketPublisher<AnyMessage>({ port: 0, intervalMs: 1 });
    await using source = new Block({ name: "source", listeners: [given], publishers: [publisher] });
    await source.start();
    await source.ready();
    await using relay = await Relay.to(Number(new URL(publisher.endpoint as string).port));
    let seen = 0;
    await using reader = new Block({
      name: "reader",
      listeners: [new WebSocketListener<AnyMessage>({ url: relay.url })],
      operator: (message) => {
        if (message.type === "event") seen = Number(message.field("n"));
        return undefined;
      },
    });
    await reader.start();
    await until(() => publisher.clients.length === 1, "the reader");
    let n = 0;
    const burst = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += 1) {
        n += 1;
        await given.give(new Event({ n }, new Uint8Array(10), { run: "scan" }));
      }
    };
    await given.give(new Start({}, { run: "scan" }));
    await burst(50);
    await until(() => seen === 50, "the newest before the cut");
    relay.cut();
    await until(() => publisher.clients.length === 0, "the publisher to know");
    await burst(20);
    await until(() => source.account.published === 71, "what nobody sees");
    relay.mend();
    await until(() => publisher.clients.length === 1 && seen === 70, "the newest after the cut");
    await burst(30);
    await given.give(new Stop({}, { run: "scan" }));
    await until(() => reader.account.runs[0]?.ended !== undefined && reader.account.left === 0, "the end");
    const { lost, events, droppedUpstream } = reader.account;
    expect({ lost, others: events + droppedUpstream }).toEqual({ lost: 19, others: 81 });
    expect(publisher.counts.dropped).toBe(droppedUpstream);
    await reader.stop();
    await source.stop();
  });
});

describe("a publisher that comes back", () => {
  test("the same run goes on under a new Start, and the listener is told", async () => {
    const port = await freePort();
    const seen: string[] = [];
    const states: unknown[] = [];
    const publisher = (): WebSocketPublisher<AnyMessage> =>
      new WebSocketPublisher<AnyMessage>({ port, overflow: "drop-oldest", waitForClients: 1 });
    await using reader = new Block({
      name: "reader",
      listeners: [new WebSocketListener<AnyMessage>({ url: `ws://127.0.0.1:${port}` })],
      operator: (message) => {
        seen.push(`${message.type} ${message.run}`);
        return undefined;
      },
    });
    reader.on("state", ({ state }) => states.push(state));
    await reader.start();
    for (const round of [1, 2]) {
      const given = new Given();
      const source = new Block({ name: "source", listeners: [given], publishers: [publisher()] });
      await source.start();
      await source.ready();
      await given.give(new Start({}, { run: "scan" }));
      await given.give(new Event({ round }, Uint8Array.of(round), { run: "scan" }));
      await until(() => seen.filter((one) => one === "event scan").length === round, `event ${round}`);
      if (round === 2) await given.give(new Stop({}, { run: "scan" }));
      await source.stop();
    }
    await until(() => seen.includes("stop scan") && reader.account.left === 0, "the end of the run");
    await reader.stop();
    // The block that stopped ended its run; the next one has a run of the same name.
    expect(seen).toEqual(["start scan", "event scan", "stop scan", "start scan", "event scan", "stop scan"]);
    expect(states).toContain("retrying");
    expect(states).toContain("connected");
    expect(reader.account).toMatchObject({ lost: 0, rejected: 0, left: 0 });
  });
});
