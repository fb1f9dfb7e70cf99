import { mkdir, rename, utimes, writeFile } from "node:fs/promises";
import { describe, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { type ListenerSource, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { FilesListener } from "../../../src/transports/files/watch/files-listener.ts";
import { Folder } from "./folder.ts";

const BEGIN_MS = Date.UTC(2026, 0, 1);

/** Files in the order of their times; more than a case needs, so that none is written twice. */
const MESSAGES: readonly AnyMessage[] = Array.from({ length: 200 }, (_, number) => {
  const path = `${number % 2 === 0 ? "even/" : ""}file-${number}.bin`;
  const bytes = Uint8Array.from({ length: number }, (_byte, at) => at * number);
  const mtimeMs = BEGIN_MS + 1_000 * number;
  return new Event({ path, size: number, mtimeMs }, bytes, { key: path, timeMs: mtimeMs });
});

async function source(): Promise<ListenerSource> {
  const folder = await Folder.make();
  const elsewhere = await Folder.make();
  await mkdir(folder.of("even"));
  return {
    make: () => new FilesListener({ folder: folder.path, settleMs: 20, lookMs: 20 }),
    async send(messages) {
      for (const message of messages) {
        const { metadata, payload } = message as Event<{ path: string; mtimeMs: number }, Uint8Array>;
        // Moved in when it has its time, so that the order in which files are seen is that of their times.
        const draft = elsewhere.of("draft");
        await writeFile(draft, payload);
        await utimes(draft, metadata.mtimeMs / 1000, metadata.mtimeMs / 1000);
        await rename(draft, folder.of(metadata.path));
      }
    },
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await elsewhere[Symbol.asyncDispose]();
    },
  };
}

describe("files listener", () => {
  const cases = listenerSuite({
    name: "files listener",
    replay: "unacked",
    source,
    messages: MESSAGES,
    cannot: {
      "end - start returns when the source ends, after its last message": "see files-listener.test.ts, watch: false",
      "garbage - does not end the listener, and the next message arrives": "any bytes are a file",
      "connection - a lost one is a retryable error, or mended": "a folder has no connection",
    },
  });
  for (const each of cases) test(each.name, each.run);
});
