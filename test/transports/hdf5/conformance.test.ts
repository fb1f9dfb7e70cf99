import { describe, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { publisherSuite } from "../../../src/testing/conformance/publisher.ts";
import type { PublisherTarget } from "../../../src/testing/conformance/publisher-target.ts";
import { Hdf5Listener } from "../../../src/transports/hdf5/reading/hdf5-listener.ts";
import { Hdf5Publisher, type Hdf5Sync } from "../../../src/transports/hdf5/writing/hdf5-publisher.ts";
import { Folder, write } from "./files.ts";

const run = "scan-8";
const messages: readonly AnyMessage[] = [
  new Start({ scan: 8 }, { run, timeMs: 1_700_000_000_000 }),
  ...[0, 1, 2].map((n) => new Event({ n, name: `n${n}` }, new NdArray(Float32Array.of(n, 2, 3)), { run })),
  new Event({ n: 3, more: { a: [1] } }, Uint8Array.of(1, 2, 3), { run, key: "k", timeMs: 5 }),
  new Stop({ ok: true }, { run }),
];

const AT_STOP = "a file is given to readers when it is finished: at its Stop, or when its publisher closes";
const GARBAGE = "a file that cannot be read is left out and counted as lost, see hostile.test.ts";

async function source(): Promise<ListenerSource> {
  const folder = await Folder.make();
  const journal = folder.of("journal.json");
  let files = 0;
  return {
    make: () => new Hdf5Listener({ path: folder.of("*.nxs"), follow: true, lookMs: 10, settleMs: 0, journal }),
    send: async (sent) => {
      // One file holds one run, and what belongs to none.
      files += 1;
      const runs = new Set(sent.map((message) => message.run));
      const all = runs.size > 1 ? messages : sent;
      await write({ path: folder.of(`${String(files).padStart(4, "0")}.nxs`) }, all);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("hdf5 listener", () => {
  const cases = listenerSuite({
    name: "hdf5 listener",
    replay: "log",
    source,
    messages,
    cannot: {
      "end - start returns when the source ends, after its last message":
        "who follows waits for what comes later; without following see round-trip.test.ts",
      "garbage - does not end the listener, and the next message arrives": GARBAGE,
      "connection - a lost one is a retryable error, or mended": "a file has no connection",
    },
  });
  for (const each of cases) test(each.name, each.run);
});

async function target(sync: Hdf5Sync): Promise<PublisherTarget> {
  const folder = await Folder.make();
  return {
    make: () => new Hdf5Publisher({ path: folder.of("{run}.nxs"), sync }),
    read: () => new Hdf5Listener({ path: folder.of("*.nxs"), follow: true, lookMs: 10, settleMs: 0 }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

for (const sync of ["interval", "message"] as const) {
  describe(`hdf5 publisher, sync ${sync}`, () => {
    const cases = publisherSuite({
      name: `hdf5 publisher, sync ${sync}`,
      confirms: sync === "message",
      target: () => target(sync),
      messages,
      cannot: {
        "batch - publishBatch is publish, one after the other": `${AT_STOP}; see publisher.test.ts`,
        "large - 8 MB arrive byte for byte": `${AT_STOP}; see round-trip.test.ts`,
        "open - can be called again after close": `${AT_STOP}; see publisher.test.ts`,
        "open - ends when its signal aborts": "a file is there at once: nobody is waited for",
        "connection - a lost one makes publish fail with a retryable error":
          "a file has no connection; a full disk is in publisher.test.ts",
        "late joiner - gets the Starts of the open runs, resumed": AT_STOP,
        ...(sync === "message" && {
          "confirms - what was published can be read afterwards":
            "it can, in the unfinished file, see publisher.test.ts and kill.test.ts; the listener takes finished ones",
        }),
      },
    });
    for (const each of cases) test(each.name, each.run);
  });
}
