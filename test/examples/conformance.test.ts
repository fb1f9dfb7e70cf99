// The listener, the publisher and the codec of the examples pass the same suites as ours do.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Event, type Inlet, jsonCodec, Listener, NdArray, Start, Stop } from "arroyojs";
import { codecSuite, listenerSuite, publisherSuite } from "arroyojs/testing";
import { describe, test } from "vitest";
import { counterCodec } from "../../examples/custom-codec/counter-codec.ts";
import { Instrument } from "../../examples/custom-listener/instrument.ts";
import { InstrumentListener } from "../../examples/custom-listener/instrument-listener.ts";
import { JsonLinesPublisher } from "../../examples/custom-publisher/json-lines-publisher.ts";

describe("a listener of our own", () => {
  const cases = listenerSuite({
    name: "instrument listener",
    replay: "unacked",
    source: async () => {
      const instrument = await Instrument.open();
      const write = jsonCodec.writer();
      return {
        make: () => new InstrumentListener({ port: instrument.port }),
        send: (messages) => {
          for (const message of messages) for (const [line] of write(message)) if (line) instrument.send(line);
        },
        sendGarbage: (bytes) => instrument.send(bytes),
        end: () => instrument.end(),
        cut: () => instrument.cut(),
        [Symbol.asyncDispose]: () => instrument[Symbol.asyncDispose](),
      };
    },
  });
  for (const each of cases) test(each.name, each.run);
});

describe("a publisher of our own", () => {
  const cases = publisherSuite({
    name: "JSON lines publisher",
    confirms: true,
    target: async () => {
      const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
      const path = join(folder, "messages.jsonl");
      return {
        make: () => new JsonLinesPublisher({ path }),
        read: () => new LinesOfFile(path),
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
      };
    },
    cannot: {
      "open - ends when its signal aborts": "a file is opened at once",
      "connection - a lost one makes publish fail with a retryable error": "a file has no connection",
      "late joiner - gets the Starts of the open runs, resumed": "whoever reads the file has all of it",
    },
  });
  for (const each of cases) test(each.name, each.run);
});

describe("a codec of our own", () => {
  const run = "scan-7";
  const count = (number: number, channels: readonly number[]): Event =>
    new Event({ number }, new NdArray(Uint32Array.from(channels)), { run });
  const cases = codecSuite({
    name: "counter codec",
    codec: counterCodec,
    messages: [new Start({}, { run }), count(1, [7]), count(2, [1, 2 ** 32 - 1]), count(3, []), new Stop({}, { run })],
    large: (bytes) =>
      count(
        1,
        Array.from({ length: Math.ceil(bytes / 12) }, () => 4_000_000_000),
      ),
    wordy: (bytes) => new Start({}, { run: "r".repeat(bytes) }),
    cannot: {
      "writer - gives the Starts of the open runs again": "the format has no repeated BEGIN",
      "zero copy - a payload is written as it is": "the format is text",
      "zero copy - a payload is read as a view": "the format is text",
      "limits - contents that are nested too deep are rejected": "the format has no nesting",
    },
  });
  for (const each of cases) test(each.name, each.run);
});

/** Reads a file of lines from its beginning, and goes on with what is appended. */
class LinesOfFile extends Listener {
  override readonly codec = jsonCodec;
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    await using file = await open(this.#path, "a+");
    inlet.ready();
    let rest = Buffer.alloc(0);
    const chunk = Buffer.alloc(1 << 20);
    while (!signal.aborted) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
        const line = rest.subarray(0, at);
        rest = rest.subarray(at + 1);
        await inlet.putFrames(line);
      }
    }
  }
}
