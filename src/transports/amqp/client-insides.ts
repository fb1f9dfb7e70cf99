import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";

/** What of the client is not public, and needed: it can't be held up, nor let the process end. */
interface Insides {
  readonly stream?: {
    read?: (size?: number) => unknown;
    emit?: (event: string) => void;
    ref?: () => void;
    unref?: () => void;
  };
  recvSinceLastCheck?: boolean;
  readonly heartbeater?: Record<"sendTimer" | "recvTimer", NodeJS.Timeout | undefined> | null;
}

const SIGN_EVERY_MS = 500;
/** The least that the protocol allows. */
const SMALLEST_FRAME = 4_096;

function insidesOf(model: ChannelModel): Insides {
  return model.connection as unknown as Insides;
}

/** Holds up what a connection receives. The client reads as fast as it can; closed, this lets it find nothing to read. */
export class Valve {
  readonly #insides: Insides;
  #signs: NodeJS.Timeout | undefined;

  constructor(model: ChannelModel) {
    this.#insides = insidesOf(model);
  }

  /** True while nothing is received. */
  get isClosed(): boolean {
    return this.#signs !== undefined;
  }

  close(): void {
    const { stream } = this.#insides;
    if (this.isClosed || stream?.read === undefined) return;
    stream.read = () => null;
    // The signs of life of the other side are not read either; they are not missing.
    this.#signs = setInterval(() => {
      this.#insides.recvSinceLastCheck = true;
    }, SIGN_EVERY_MS).unref();
  }

  open(): void {
    if (!this.isClosed) return;
    clearInterval(this.#signs);
    this.#signs = undefined;
    const { stream } = this.#insides;
    // The method of the class shows again.
    delete stream?.read;
    stream?.emit?.("readable");
  }
}

/** Lets the process end although the connection is open. */
export function release(model: ChannelModel): void {
  const { stream, heartbeater } = insidesOf(model);
  stream?.unref?.();
  heartbeater?.sendTimer?.unref();
  heartbeater?.recvTimer?.unref();
}

/**
 * Takes what comes for a consumer, also what comes before the broker says that it is one and after it was cancelled: of
 * streams some may, and the client, which would not know the consumer, would end the connection.
 */
export function takeAlways(channel: Channel, tag: string, take: (message: ConsumeMessage | null) => void): void {
  const insides = channel as unknown as {
    readonly consumers?: Map<string, typeof take>;
    unregisterConsumer?: (tag: string) => void;
  };
  insides.unregisterConsumer = () => undefined;
  insides.consumers?.set(tag, take);
}

/** What of a channel is not public, and needed to write messages to it. */
export interface ChannelInsides {
  readonly number: number;
  /** The longest frame that the broker takes. */
  readonly frameMax: number;
  /** False once the channel or its connection is closing. */
  isOpen(): boolean;
  /** Has a callback told the answer to the next message. */
  expect(answered: (error: unknown) => void): void;
  /** Writes whole frames, behind all that was sent over the channel before. */
  write(frames: Buffer): void;
}

/** Gives the insides of a channel; undefined where the client is another one than is known. */
export function channelInsides(channel: Channel): ChannelInsides | undefined {
  const { ch, connection, unconfirmed, pushConfirmCallback } = channel as unknown as {
    readonly ch?: unknown;
    readonly connection?: {
      readonly frameMax?: unknown;
      readonly channels?: readonly ({ readonly buffer?: { write?: (bytes: Buffer) => unknown } } | undefined)[];
      sentSinceLastCheck?: boolean;
    };
    readonly unconfirmed?: unknown;
    readonly pushConfirmCallback?: (answered: (error: unknown) => void) => void;
  };
  if (typeof ch !== "number" || connection === undefined) return undefined;
  const { frameMax, channels } = connection;
  const buffer = channels?.[ch]?.buffer;
  const isKnown = typeof buffer?.write === "function" && Array.isArray(unconfirmed);
  if (!isKnown || typeof frameMax !== "number" || !(frameMax >= SMALLEST_FRAME)) return undefined;
  if (pushConfirmCallback === undefined) return undefined;
  return {
    number: ch,
    frameMax,
    // Whoever is closing gets another method, which throws.
    isOpen: () => !Object.hasOwn(channel, "sendMessage") && !Object.hasOwn(connection, "sendMessage"),
    expect: (answered) => pushConfirmCallback.call(channel, answered),
    write: (frames) => {
      buffer?.write?.(frames);
      connection.sentSinceLastCheck = true;
    },
  };
}
