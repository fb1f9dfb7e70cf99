import { fork } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Event } from "../../../src/message/event.ts";
import { bytesOf, isNdArray } from "../../../src/message/ndarray.ts";
import { Folder, read } from "./files.ts";

const PROGRAM = fileURLToPath(new URL("programs/writer.ts", import.meta.url));

test.each([1, 40, 333])(
  "hdf5 publisher, killed after %i events - all that was confirmed can be read",
  async (enough) => {
    await using folder = await Folder.make();
    const child = fork(PROGRAM, [folder.of("{run}.nxs")], { execArgv: ["--import", "tsx"] });
    let confirmed = -1;
    const killed = new Promise<void>((resolve) => {
      child.on("message", (message: { confirmed: number }) => {
        confirmed = message.confirmed;
        if (confirmed === enough) child.kill("SIGKILL");
      });
      child.on("exit", () => resolve());
    });
    await killed;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const [left = ""] = await folder.files();
    expect(left).toContain("killed.nxs.");
    await rename(left, folder.of("left.nxs"));
    const { messages, losses } = await read({ path: folder.of("left.nxs") });
    const events = messages.slice(1) as Event<{ number: number; text: string }>[];
    expect(losses).toEqual([]);
    expect(events.length).toBeGreaterThan(confirmed);
    for (const [number, { metadata, payload }] of events.entries()) {
      expect(metadata).toEqual({ number, text: `n${number}` });
      const bytes = isNdArray(payload) ? bytesOf(payload) : payload;
      expect(bytes.length).toBe(number % 3 === 0 ? number % 5_000 : 7_200);
      if (isNdArray(payload)) expect(payload.data.every((element) => element === number)).toBe(true);
      else expect(payload.every((byte) => byte === number % 251)).toBe(true);
    }
  },
);
