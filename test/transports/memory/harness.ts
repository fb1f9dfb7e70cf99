import { expect } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import type { MemoryChannel } from "../../../src/transports/memory/memory-channel.ts";
import { MemoryListener, type MemoryListenerOptions } from "../../../src/transports/memory/memory-listener.ts";
import { MemoryPublisher, type MemoryPublisherOptions } from "../../../src/transports/memory/memory-publisher.ts";

/** Runs a listener against a recording inlet. */
export interface Reader {
  readonly inlet: RecordingInlet;
  readonly ended: Promise<void>;
  leave(): Promise<void>;
  isOver(): boolean;
}

/** Opens a publisher to a channel. */
export async function publisher(
  channel: MemoryChannel<AnyMessage>,
  options: Omit<MemoryPublisherOptions<AnyMessage>, "channel"> = {},
): Promise<MemoryPublisher<AnyMessage>> {
  const made = new MemoryPublisher({ channel, stream: "detector", ...options });
  await made.open(new AbortController().signal);
  return made;
}

/** Reads a channel; `shut` with an inlet that takes nothing. */
export function reader(
  channel: MemoryChannel<AnyMessage>,
  options: Partial<MemoryListenerOptions<AnyMessage>> & { readonly shut?: boolean } = {},
): Reader {
  const { shut = false, ...rest } = options;
  const inlet = new RecordingInlet(nativeCodec);
  if (shut) inlet.shut();
  const stop = new AbortController();
  let over = false;
  const ended = new MemoryListener({ channel, ...rest }).start(inlet, stop.signal).finally(() => {
    over = true;
  });
  ended.catch(() => {});
  const leave = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { inlet, ended, leave, isOver: () => over };
}

/** Publishes where there is room at every reader. */
export function send(source: MemoryPublisher<AnyMessage>, ...messages: readonly AnyMessage[]): void {
  expect(source.publishBatch(messages)).toBeUndefined();
}

export const start = (run: string): Start => new Start({ run }, { run });
export const stopOf = (run: string): Stop => new Stop({}, { run });
export const event = (n: number, run?: string): AnyMessage =>
  new Event({ n }, Uint8Array.of(n), run === undefined ? {} : { run });
export const events = (from: number, to: number, run?: string): AnyMessage[] =>
  Array.from({ length: to - from }, (_, index) => event(from + index, run));

/** What came: the numbers of events, the types of the rest. */
export const numbers = (inlet: RecordingInlet): unknown[] =>
  inlet.messages.map((message) => (message.type === "event" ? message.field("n") : message.type));
