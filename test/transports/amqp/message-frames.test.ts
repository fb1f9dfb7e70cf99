import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ConfirmChannel } from "amqplib";
import { expect, test } from "vitest";
import { MessageHead, type Sent } from "../../../src/transports/amqp/message-frames.ts";
import { Blocks, MessageWriting } from "../../../src/transports/amqp/message-writing.ts";

const FRAME_MAX = 4_096;
const CHANNEL = 7;
const library = createRequire(import.meta.url);
/** Where the client has its insides, which it does not export. */
const inside = join(dirname(library.resolve("amqplib")), "lib");
const { Connection } = library(join(inside, "connection.js")) as { Connection: { prototype: Record<string, unknown> } };
const Args = library(join(inside, "api_args.js")) as { publish(...args: unknown[]): object };
const defs = library(join(inside, "defs.js")) as Record<string, unknown>;

const PLACES: readonly Sent[] = [
  { exchange: "", key: "frames", persistent: true, mandatory: true },
  { exchange: "scans", key: "roi.ключ", persistent: false, mandatory: false, type: "arroyo/1 keyed" },
  { exchange: "e".repeat(255), key: "k".repeat(255), persistent: true, mandatory: false },
];
const most = FRAME_MAX - 8;
const BODIES = [0, 1, 100, 2_000, most - 1, most, most + 1, 2 * most, 3 * most + 17];

/** What the client writes for a message. */
function theirs({ exchange, key, ...options }: Sent, body: Buffer): Buffer {
  const written: Buffer[] = [];
  const buffer = { write: (bytes: Buffer) => written.push(Buffer.from(bytes)) };
  const connection = {
    frameMax: FRAME_MAX,
    channels: { [CHANNEL]: { buffer } },
    sendContent: Connection.prototype["sendContent"],
  };
  const fields = Args.publish(exchange, key, options);
  const send = Connection.prototype["sendMessage"] as (...args: unknown[]) => void;
  send.call(connection, CHANNEL, defs["BasicPublish"], fields, defs["BasicProperties"], fields, body);
  return Buffer.concat(written);
}

function divided(body: Buffer): Buffer[] {
  const third = Math.floor(body.length / 3);
  return [body.subarray(0, third), Buffer.alloc(0), body.subarray(third)];
}

test("messages - have the bytes that the client makes, whatever their length and pieces", () => {
  for (const sent of PLACES) {
    const head = new MessageHead(CHANNEL, sent);
    for (const bytes of BODIES) {
      const body = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251));
      const wanted = theirs(sent, body);
      const got = Buffer.alloc(head.length(bytes, FRAME_MAX));
      expect(head.write(got, 0, divided(body), bytes, FRAME_MAX)).toBe(got.length);
      expect(got.equals(wanted), `${sent.exchange} ${bytes}`).toBe(true);
    }
  }
});

test("messages - of a client that is not known are published by it", () => {
  const published: unknown[] = [];
  const channel = { publish: (...args: unknown[]) => published.push(args) } as unknown as ConfirmChannel;
  const writing = new MessageWriting(channel, new Blocks());
  const answered = (): void => undefined;
  writing.publish(PLACES[0] as Sent, [Buffer.from("a"), Buffer.from("b")], 2, answered);
  writing.write();
  expect(published).toEqual([["", "frames", Buffer.from("ab"), { persistent: true, mandatory: true }, answered]]);
});
