import { describe, expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { CapturePublisher, type CaptureSync } from "../../../src/transports/files/capture/capture-publisher.ts";
import { aRun, play, story } from "./captures.ts";
import { Folder } from "./folder.ts";
import { SmallDisk } from "./small-disk.ts";

/** Publishes as an outlet does: an error closes, opens again and repeats the same message. */
async function publishAll(
  publisher: CapturePublisher<AnyMessage>,
  messages: readonly AnyMessage[],
  full: SmallDisk,
  more: number,
): Promise<readonly unknown[]> {
  const signal = new AbortController().signal;
  const errors: unknown[] = [];
  publisher.onWarning = () => undefined;
  publisher.begin("full");
  await publisher.open(signal);
  const reopened = async (error: unknown): Promise<void> => {
    errors.push(error);
    publisher.attempted("failed");
    await publisher.close().catch(() => undefined);
    full.room += more;
    await publisher.open(signal).catch(reopened);
  };
  for (const message of messages) {
    for (;;) {
      try {
        await publisher.publish(message);
        publisher.attempted("done");
        break;
      } catch (error) {
        await reopened(error);
      }
    }
  }
  for (;;) {
    try {
      await publisher.close();
      return errors;
    } catch (error) {
      await reopened(error);
    }
  }
}

const EXPECTED = ["start one", ...Array.from({ length: 60 }, (_, number) => String(number)), "stop one"];

describe("capture, disk full", () => {
  for (const sync of ["close", "interval", "message"] as const satisfies readonly CaptureSync[]) {
    for (const bytes of [500, 70_000]) {
      test(`sync ${sync}, ${bytes} bytes a message - each is there once, as soon as there is room`, async () => {
        await using folder = await Folder.make();
        const path = folder.of("full.acap");
        const full = new SmallDisk(10_000);
        const publisher = new CapturePublisher<AnyMessage>(
          { path, sync, segmentBytes: 1_000_000 },
          { disk: full.disk },
        );
        const errors = await publishAll(publisher, aRun("one", 60, bytes), full, 5_000 + 2 * bytes);
        expect(full.refusals).toBeGreaterThan(1);
        expect(errors.length).toBeGreaterThan(0);
        expect(errors.filter((error) => !isRetryable(error)).map(String)).toEqual([]);
        expect(String(errors[0])).toMatch(/the disk is full; make room \(ENOSPC\)/);
        const inlet = await play({ path });
        expect([inlet.losses, inlet.rejections]).toEqual([[], []]);
        expect(story(inlet)).toEqual(EXPECTED);
      });
    }
  }

  test("left full - the file is readable up to what fits", async () => {
    await using folder = await Folder.make();
    const path = folder.of("full.acap");
    const full = new SmallDisk(20_000);
    const publisher = new CapturePublisher<AnyMessage>({ path, sync: "message" }, { disk: full.disk });
    publisher.onWarning = () => undefined;
    publisher.begin("full");
    await publisher.open(new AbortController().signal);
    let published = 0;
    const publishing = (async () => {
      for (const message of aRun("one", 200, 300)) {
        await publisher.publish(message);
        publisher.attempted("done");
        published += 1;
      }
    })();
    await expect(publishing).rejects.toThrow(/the disk is full/);
    await publisher.close().catch(() => undefined);
    expect(published).toBeGreaterThan(10);
    expect((await play({ path })).taken.length).toBe(published);
  });
});
