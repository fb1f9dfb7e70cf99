import { describe, expect, test } from "vitest";
import type { Event } from "../../../src/message/event.ts";
import { Child } from "../../process/child.ts";
import { aRun, play, record, story } from "./captures.ts";
import { Folder } from "./folder.ts";

const PROGRAM = new URL("./programs/recorder.ts", import.meta.url);

describe("capture, killed", () => {
  for (const sync of ["message", "interval"] as const) {
    test(`kill -9 with sync ${sync} - what is there is whole, and can be gone on with`, async () => {
      await using folder = await Folder.make();
      const path = folder.of("killed.acap");
      let last = 0;
      {
        await using child = new Child<{ confirmed: number }>(PROGRAM, { args: [path, sync] });
        await child.until(() => child.words.length >= 5, "some messages");
        child.signal("SIGKILL");
        await child.end();
        last = child.words.at(-1)?.confirmed ?? 0;
      }
      const { messages, rejections, losses } = await play({ path });
      const numbers = (messages as Event<{ number: number }>[]).map(({ metadata }) => metadata.number);
      expect(numbers).toEqual(numbers.map((_, at) => at));
      // What is confirmed is there; without confirmation, at least what had time to be written.
      if (sync === "message") expect(numbers.length).toBeGreaterThan(last);
      for (const message of messages as Event<{ number: number }, Uint8Array>[]) {
        const { number } = message.metadata;
        expect(message.payload.length).toBe(1 + ((number * 7919) % 40_000));
        expect(message.payload.every((byte) => byte === number % 251)).toBe(true);
      }
      expect([rejections, losses]).toEqual([[], []]);
      await record({ path }, aRun("after", 2));
      expect(story(await play({ path })).slice(numbers.length)).toEqual(["start after", "0", "1", "stop after"]);
      expect((await play({ path })).warnings).toEqual([]);
    });
  }
});
