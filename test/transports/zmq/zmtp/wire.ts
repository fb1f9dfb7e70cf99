import { commandFrame, properties } from "../../../../src/transports/zmq/zmtp/command.ts";
import { greeting } from "../../../../src/transports/zmq/zmtp/greeting.ts";

/** Makes one frame. */
export function frame(body: Uint8Array | string, more = false): Buffer {
  const bytes = Buffer.from(body as Uint8Array);
  if (bytes.length <= 255) return Buffer.concat([Uint8Array.of(more ? 1 : 0, bytes.length), bytes]);
  const head = Buffer.alloc(9);
  head[0] = more ? 3 : 2;
  head.writeUInt32BE(bytes.length, 5);
  return Buffer.concat([head, bytes]);
}

/** Makes a message. */
export function message(...frames: (Uint8Array | string)[]): Buffer {
  return Buffer.concat(frames.map((one, index) => frame(one, index < frames.length - 1)));
}

/** Makes what a peer says until it is ready. */
export function hello(type: string, version: readonly [number, number] = [3, 1]): Buffer {
  const first = Buffer.from(greeting("NULL", false));
  first[10] = version[0];
  first[11] = version[1];
  return Buffer.concat([first, commandFrame("READY", properties({ "Socket-Type": type, Identity: "" }))]);
}

/** Makes a PING. */
export function ping(ttlMs: number, context = ""): Uint8Array {
  const ttl = ttlMs / 100;
  return commandFrame("PING", Buffer.concat([Uint8Array.of(ttl >> 8, ttl & 255), Buffer.from(context)]));
}

/** Is a conversation with one of everything: of all lengths that matter, commands between messages, large frames. */
export function conversation(type: string): Buffer {
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) & 255);
  return Buffer.concat([
    hello(type),
    message("a"),
    message("", ""),
    ping(1000, "context"),
    message("topic", bytes(254), bytes(255), bytes(256)),
    commandFrame("NOVELTY", bytes(300)),
    commandFrame("SUBSCRIBE", Buffer.from("b")),
    message(bytes(1000), bytes(70_000)),
    Buffer.from([4, 0]),
    message(...Array.from({ length: 20 }, (_, index) => String(index))),
    message("end"),
  ]);
}
