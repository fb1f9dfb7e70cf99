import { type Inlet, type PlatformInlet, platformInlet } from "../../listener/listener.ts";
import type { Frames } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { systemClock } from "../../time/clock.ts";
import { within } from "../../time/wait.ts";
import { KafkaListener, type KafkaListenerOptions } from "./kafka-listener.ts";
import { loadKafkajs } from "./load-kafkajs.ts";

/** Longer than anybody watches. */
const NEVER_MS = 2_000_000_000;
const DELETE_MS = 2_000;

/**
 * Watches a topic in a group of its own that nobody else knows. Unless `commitMs` says otherwise nothing is committed
 * while it reads; the group is deleted at the end.
 */
export class KafkaWatcher<M extends AnyMessage = Message> extends KafkaListener<M> {
  readonly #way: KafkaListenerOptions<M>;

  constructor(options: KafkaListenerOptions<M>) {
    // After a lost connection it goes on with what comes then, unless it is told to commit.
    super({ withoutCommit: "latest", commitMs: NEVER_MS, ...options });
    this.#way = options;
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    let hasJoined = false;
    const joined = (): void => {
      hasJoined = true;
    };
    try {
      await super.start(watched(inlet, joined), signal);
    } finally {
      if (signal.aborted && hasJoined) await within(systemClock, DELETE_MS, this.#forget()).catch(() => undefined);
    }
  }

  async #forget(): Promise<void> {
    const { brokers, clientId = "arroyojs", tls = false, sasl, groupId } = this.#way;
    const { Kafka, logLevel } = await loadKafkajs("KafkaWatcher");
    const kafka = new Kafka({
      brokers: [...brokers],
      clientId,
      logLevel: logLevel.NOTHING,
      requestTimeout: DELETE_MS,
      connectionTimeout: DELETE_MS,
      ...(tls === false ? {} : { ssl: tls }),
      ...(sasl === undefined ? {} : { sasl: sasl as never }),
    });
    const admin = kafka.admin({ retry: { retries: 1 } });
    try {
      await admin.connect();
      await admin.deleteGroups([groupId]);
    } finally {
      await admin.disconnect();
    }
  }
}

/**
 * Hears that the group was joined. What is in no native form comes with the name of its partition before it, which the
 * look at its form would take for a frame.
 */
function watched<M extends AnyMessage>(inlet: Inlet<M>, joined: () => void): Inlet<M> {
  const platform = platformInlet(inlet);
  const plain: Inlet<M> = {
    ready() {
      joined();
      inlet.ready();
    },
    put: (message, settlement) => inlet.put(message, settlement),
    putFrames: (frames, settlement) => inlet.putFrames(bodyOf(frames), settlement),
  };
  if (platform === undefined) return plain;
  const wide: PlatformInlet<M> = {
    ...plain,
    limits: platform.limits,
    putDecoded: (decoded, settlement, frames) => platform.putDecoded(decoded, settlement, frames),
    connected: (up) => platform.connected(up),
    follow: (topics) => platform.follow(topics),
    lost: (messages, reason) => platform.lost(messages, reason),
    warn: (message) => platform.warn(message),
  };
  return wide;
}

function bodyOf(frames: Frames): Frames {
  return frames instanceof Uint8Array ? frames : (frames.at(-1) ?? []);
}
