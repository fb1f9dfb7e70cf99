import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import type { Start } from "../../../src/message/start.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher, type ZmqPublisherOptions } from "../../../src/transports/zmq/zmq-publisher.ts";
import { engine } from "./engines.ts";

export const PATIENCE_MS = 10_000;
export const never: AbortSignal = new AbortController().signal;

/** Reads with the engine that is under test, and says what came in short. */
export class Reader extends Attempt {
  readonly listener: ZmqListener<AnyMessage>;

  constructor(options: ZmqListenerOptions<AnyMessage>) {
    const listener = new ZmqListener<AnyMessage>({ engine: engine(), ...options });
    super(listener, PATIENCE_MS);
    this.listener = listener;
  }

  get address(): string {
    return this.listener.endpoints[0] as string;
  }

  /** What came, in short: s, e or p and the run or the number. */
  get seen(): string[] {
    return this.inlet.messages.map((message) =>
      message.type === "event"
        ? `e${message.metadata.number}`
        : `${message.type === "start" ? "s" : "p"}${message.run}`,
    );
  }

  get events(): number[] {
    return this.inlet.messages.flatMap((message) =>
      message.type === "event" ? [Number(message.metadata.number)] : [],
    );
  }

  get copies(): string[] {
    return this.inlet.copies.map(({ decoded }) => (decoded.message as Start).run);
  }
}

const open: ZmqPublisher[] = [];

/** Opens a publisher that is closed by `closeAll`. */
export async function publishing(options: ZmqPublisherOptions): Promise<ZmqPublisher> {
  const publisher = new ZmqPublisher({ engine: engine(), ...options });
  open.push(publisher);
  await publisher.open(never);
  return publisher;
}

/** Closes what `publishing` opened; for afterEach. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((publisher) => publisher.close()));
}

/** Makes an event with a number. */
export function event(number: number, run?: string): Event {
  return new Event({ number }, Uint8Array.of(number % 256), run === undefined ? {} : { run });
}
