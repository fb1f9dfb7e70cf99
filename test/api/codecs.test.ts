import {
  Block,
  type Codec,
  type Decoded,
  Event,
  type Inlet,
  type Limits,
  Listener,
  type Message,
  Publisher,
  RejectedError,
  Start,
  Stop,
} from "arroyojs";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";

const text = (frame: Uint8Array | undefined): string => new TextDecoder().decode(frame);
const bytes = (line: string): Uint8Array => new TextEncoder().encode(line);

/**
 * A format as facilities have them: text, one word for the kind, and a frame of data. Its run stands in the first
 * message only, so that a reader has to remember it; `more` holds several readings at once.
 */
const lines: Codec = {
  name: "lines",
  withoutStart: "make",
  reader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
    let run: string | undefined;
    let sequence = 0;
    const event = (value: string): Decoded => {
      const message = new Event({ value: Number(value) }, bytes(value), run === undefined ? {} : { run });
      sequence += 1;
      return { message, stream: "lines", sequence: sequence - 1 };
    };
    return (frames) => {
      if (frames.length > limits.maxFrames) throw new RejectedError("too many frames");
      const [kind, ...words] = text(frames[0]).split(" ");
      switch (kind) {
        case "begin":
          run = words[0] as string;
          return [{ message: new Start({ user: words[1] }, { run }), stream: "lines" }];
        case "one":
          return [event(words[0] as string)];
        case "more":
          return words.map(event);
        case "alive":
          return [{ message: new Event({}, new Uint8Array(0)), control: true }];
        case "end": {
          const message = new Stop({}, { run: run ?? "?" });
          run = undefined;
          return [{ message, stream: "lines" }];
        }
        default:
          throw new RejectedError(`no such kind of line: ${kind}`);
      }
    };
  },
  writer() {
    let written = 0;
    return (message) => {
      written += 1;
      if (message.type === "start") return [[bytes(`begin ${message.run} ${message.data["user"]}`)]];
      if (message.type === "stop") return [[bytes("end")]];
      // A message may become several on the wire.
      return [[bytes(`one ${message.field("value")}`)], [bytes(`alive ${written}`), bytes("beat")]];
    };
  },
};

class LinesListener extends Listener {
  override readonly codec = lines;
  readonly settled: string[] = [];
  readonly #lines: readonly string[];

  constructor(list: readonly string[]) {
    super();
    this.#lines = list;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    for (const line of this.#lines) {
      const settle = (how: string) => () => void this.settled.push(`${how} ${line}`);
      // One body, or a list of frames.
      const frames = line.startsWith("one") ? [bytes(line)] : bytes(line);
      await inlet.putFrames(frames, { ack: settle("ack"), nack: settle("nack") });
    }
  }
}

class LinesPublisher extends Publisher {
  override readonly codec = lines;
  readonly written: string[][] = [];

  override publish(message: Message): void {
    for (const frames of this.encode(message)) this.written.push(frames.map(text));
  }
}

const pass = (message: Message): Message => message;
const values = (messages: readonly Message[]): readonly unknown[] =>
  messages.map((message) => (message.type === "event" ? message.field("value") : message.type));

describe("a codec written from the contract", () => {
  test("reads for a listener: one message, several, a heartbeat, and garbage", async () => {
    const listener = new LinesListener(["begin r1 ann", "one 1", "alive", "more 2 3 4", "hello", "end"]);
    const { published, account } = await drive(pass, [], { listeners: [listener] });
    expect(values(published)).toEqual(["start", 1, 2, 3, 4, "stop"]);
    expect(published.map(({ run }) => run)).toEqual(new Array(6).fill("r1"));
    expect(published[0]?.type === "start" && published[0].data).toEqual({ user: "ann" });
    expect(account).toMatchObject({ received: 6, finished: 6, rejected: 1 });
    expect(Object.keys(account.reasons).join()).toContain("no such kind of line");
    expect(account.runs).toEqual([expect.objectContaining({ run: "r1", stream: "lines", received: 6 })]);
  });

  test("settles a wire message once, when all that was in it is finished", async () => {
    const listener = new LinesListener(["begin r1 ann", "more 1 2 3", "end"]);
    let seen = 0;
    const count = (message: Message): Message => {
      seen += 1;
      if (message.type === "event") expect(listener.settled).not.toContain("ack more 1 2 3");
      return message;
    };
    await drive(count, [], { listeners: [listener] });
    expect(seen).toBe(5);
    expect(listener.settled).toEqual(["ack begin r1 ann", "ack more 1 2 3", "ack end"]);
  });

  test("each source has a reader of its own", async () => {
    const listeners = [
      new LinesListener(["begin a ann", "one 1", "end"]),
      new LinesListener(["begin b bob", "one 2", "end"]),
    ];
    const { published } = await drive(pass, [], { listeners });
    const runs = published.flatMap((message) =>
      message.type === "event" ? `${message.run} ${message.field("value")}` : [],
    );
    expect(runs.sort()).toEqual(["a 1", "b 2"]);
  });

  test("writes for a publisher: a list of wire messages, each a list of frames", async () => {
    const publisher = new LinesPublisher();
    const block = new Block({
      name: "lines",
      listeners: [new LinesListener(["begin r ann", "one 7", "end"])],
      publishers: [publisher],
    });
    await block.start();
    await block.finished;
    expect(publisher.written).toEqual([["begin r ann"], ["one 7"], ["alive 2", "beat"], ["end"]]);
  });

  test("each publisher has a writer of its own", async () => {
    const publishers = [new LinesPublisher(), new LinesPublisher()];
    await drive(pass, [], { listeners: [new LinesListener(["begin r ann", "one 7", "end"])], publishers });
    for (const { written } of publishers) expect(written[2]).toEqual(["alive 2", "beat"]);
  });

  test("says what happens to events whose Start did not come, unless the block does", async () => {
    const list = ["end", "more 1 2"];
    const runless: Codec = {
      ...lines,
      reader: () => (frames) => [
        { message: new Event({ value: 1 }, frames[0] as Uint8Array, { run: "late" }), stream: "s" },
      ],
    };
    class Late extends LinesListener {
      override readonly codec = runless;
    }
    const made = await drive(pass, [], { listeners: [new Late(list)] });
    expect(values(made.published)).toEqual(["start", 1, 1, "stop"]);
    const dropped = await drive(pass, [], { listeners: [new Late(list)], withoutStart: "drop" });
    expect(values(dropped.published)).toEqual([]);
    expect(dropped.account).toMatchObject({ received: 2, dropped: 2, reasons: { "no-start": 2 } });
  });
});
