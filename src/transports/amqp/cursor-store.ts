import type { ConfirmChannel, GetMessage } from "amqplib";
import { ConnectionError } from "../../errors.ts";
import type { Link, OpenChannel } from "./link.ts";

/** Says where a reader of a stream got to. */
export interface Position {
  /** Everything up to this offset is finished. */
  readonly offset: number;
  /** The Starts of the runs that are open there. */
  readonly starts: readonly Uint8Array[];
}

/** Of the queue that holds a position: it keeps its newest message and no other. */
const ARGUMENTS: Readonly<Record<string, unknown>> = { "x-max-length": 1, "x-overflow": "drop-head" };

/**
 * Keeps the position of a cursor beside its stream, in a queue of one message: the protocol has no place for it, and
 * the broker is there wherever the reader is started next.
 */
export class CursorStore {
  readonly #link: Link;
  readonly #open: OpenChannel<ConfirmChannel>;
  readonly #queue: string;

  private constructor(link: Link, open: OpenChannel<ConfirmChannel>, queue: string) {
    this.#link = link;
    this.#open = open;
    this.#queue = queue;
  }

  /** Opens the store of a cursor, and makes it where there is none. */
  static async open(link: Link, stream: string, cursor: string): Promise<CursorStore> {
    const open = await link.confirmChannel();
    const queue = `${stream}.arroyo.${cursor}`;
    try {
      await open.channel.assertQueue(queue, { durable: true, arguments: { ...ARGUMENTS } });
    } catch (error) {
      throw link.error(error);
    }
    return new CursorStore(link, open, queue);
  }

  /** Reads the position; undefined where there is none yet. */
  async read(): Promise<Position | undefined> {
    const { channel } = this.#open;
    let last: GetMessage | false = false;
    // A broker that went down between two writes may have both.
    for (;;) {
      const next = await channel.get(this.#queue, { noAck: false });
      if (next === false) break;
      if (last !== false) channel.ack(last);
      last = next;
    }
    if (last === false) return undefined;
    channel.nack(last, false, true);
    return positionIn(last);
  }

  /** Writes a position in place of the last one; resolves when the broker keeps it. */
  async write({ offset, starts }: Position): Promise<void> {
    const { channel } = this.#open;
    const headers = { "arroyo-offset": offset, "arroyo-starts": starts.map(({ length }) => length) };
    await new Promise<void>((resolve, reject) => {
      try {
        channel.sendToQueue(this.#queue, Buffer.concat([...starts]), { persistent: true, headers }, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(this.#failure(error));
        });
      } catch (error) {
        reject(this.#failure(error));
      }
    });
  }

  #failure(error: unknown): Error {
    const gone = this.#open.isClosed || this.#link.isClosed;
    if (!gone) return this.#link.error(error);
    return new ConnectionError(`${this.#link.place}: the connection was lost before a position was kept`, {
      cause: error,
    });
  }
}

/** What others wrote into the queue is no position. */
function positionIn({ properties, content }: GetMessage): Position | undefined {
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
  const offset = headers["arroyo-offset"];
  const lengths = headers["arroyo-starts"];
  if (!Number.isSafeInteger(offset) || !Array.isArray(lengths)) return undefined;
  const starts: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths as unknown[]) {
    if (!Number.isSafeInteger(length) || (length as number) < 0 || at + (length as number) > content.length) {
      return undefined;
    }
    starts.push(content.subarray(at, at + (length as number)));
    at += length as number;
  }
  return { offset: offset as number, starts };
}
