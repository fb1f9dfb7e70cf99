import { rm, writeFile } from "node:fs/promises";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import type { Clock } from "../../../src/time/clock.ts";
import {
  CaptureListener,
  type CaptureListenerOptions,
} from "../../../src/transports/files/capture/capture-listener.ts";
import {
  CapturePublisher,
  type CapturePublisherOptions,
} from "../../../src/transports/files/capture/capture-publisher.ts";

/** Makes a run with events that differ. */
export function aRun(run: string, events: number, bytes = 20): AnyMessage[] {
  const payload = (number: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => (at + 1) * number);
  return [
    new Start({ events }, { run }),
    ...Array.from({ length: events }, (_, number) => new Event({ number }, payload(number), { run })),
    new Stop({}, { run }),
  ];
}

/** Records messages, all of them in one life. */
export async function record(
  options: CapturePublisherOptions,
  messages: readonly AnyMessage[],
  clock?: Clock,
): Promise<void> {
  const publisher = new CapturePublisher<AnyMessage>(options, clock === undefined ? {} : { clock });
  publisher.begin("recorded");
  publisher.onWarning = () => undefined;
  await publisher.open(new AbortController().signal);
  for (const message of messages) await publisher.publish(message);
  await publisher.close();
}

/** Plays a capture to its end. */
export async function play(options: CaptureListenerOptions<AnyMessage>, clock?: Clock): Promise<RecordingInlet> {
  const listener = new CaptureListener<AnyMessage>(options, clock === undefined ? {} : { clock });
  const inlet = new RecordingInlet(listener.codec);
  await listener.start(inlet, new AbortController().signal);
  return inlet;
}

/** Plays what these bytes are as a file. */
export async function playBytes(path: string, bytes: Uint8Array): Promise<RecordingInlet> {
  await writeFile(path, bytes);
  try {
    return await play({ path, codec: rawCodec });
  } finally {
    await rm(path);
  }
}

/** Says in short what came: runs and the numbers of events. */
export function story({ taken, copies }: RecordingInlet): string[] {
  return [...copies, ...taken].map(({ decoded: { message } }) => {
    if (message.type !== "event")
      return `${message.type} ${message.run}${message.type === "start" && message.resumed ? " again" : ""}`;
    return String((message.metadata as { number?: number }).number);
  });
}

/** Is a clock that goes on by a step at each look. */
export function steppingClock(beginMs: number, stepMs: number): Clock {
  let ms = beginMs - stepMs;
  return {
    now: () => {
      ms += stepMs;
      return ms;
    },
    after: (_ms, callback) => {
      const timer = setTimeout(callback, 1);
      return () => clearTimeout(timer);
    },
    turn: (callback) => void setImmediate(callback),
  };
}
