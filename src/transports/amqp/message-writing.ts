import type { ConfirmChannel } from "amqplib";
import { type ChannelInsides, channelInsides } from "./client-insides.ts";
import { MessageHead, type Sent } from "./message-frames.ts";

/** What goes out in one write. */
const WRITE_BYTES = 64 * 1024;
/** A write whose last message is not large has a block of this size. */
const BLOCK_BYTES = 2 * WRITE_BYTES;
/** How many blocks are kept to be used again. */
const MAX_BLOCKS = 64;

/** Keeps memory that was written and has left: each new piece of it would bring the garbage collection nearer. */
export class Blocks {
  readonly #free: Buffer[] = [];

  take(bytes: number): Buffer {
    return bytes > BLOCK_BYTES ? Buffer.allocUnsafe(bytes) : (this.#free.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES));
  }

  giveBack(blocks: readonly Buffer[]): void {
    for (const block of blocks) {
      if (block.length === BLOCK_BYTES && this.#free.length < MAX_BLOCKS) this.#free.push(block);
    }
  }
}

interface Waiting {
  readonly head: MessageHead;
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

/**
 * Publishes over a confirm channel, many messages in one write: the client copies each of them several times, and goes
 * through two streams with each frame. Where the client is another one it publishes them.
 */
export class MessageWriting {
  readonly #channel: ConfirmChannel;
  readonly #insides: ChannelInsides | undefined;
  readonly #blocks: Blocks;
  #written: Buffer[] = [];
  #sent: Sent | undefined;
  #head: MessageHead | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(channel: ConfirmChannel, blocks: Blocks) {
    this.#channel = channel;
    this.#blocks = blocks;
    this.#insides = channelInsides(channel);
  }

  /** Takes a message; `answered` is called with the answer of the broker. Throws where the channel is closing. */
  publish(sent: Sent, pieces: readonly Uint8Array[], bytes: number, answered: (error: unknown) => void): void {
    const insides = this.#insides;
    if (insides === undefined || !insides.isOpen()) {
      const { exchange, key, ...options } = sent;
      this.#channel.publish(exchange, key, Buffer.concat(pieces), options, answered);
      return;
    }
    const head = this.#headOf(sent, insides);
    this.#waiting.push({ head, pieces, bytes });
    insides.expect(answered);
    this.#bytes += head.length(bytes, insides.frameMax);
    if (this.#bytes >= WRITE_BYTES) this.write();
  }

  /** Writes what was taken. */
  write(): void {
    const insides = this.#insides;
    if (insides === undefined || this.#waiting.length === 0) return;
    const to = this.#blocks.take(this.#bytes);
    this.#written.push(to);
    let at = 0;
    for (const { head, pieces, bytes } of this.#waiting) at = head.write(to, at, pieces, bytes, insides.frameMax);
    this.#waiting = [];
    this.#bytes = 0;
    if (insides.isOpen()) insides.write(to.subarray(0, at));
  }

  /** Notes that the broker has all of it. */
  confirmed(): void {
    this.#blocks.giveBack(this.#written);
    this.#written = [];
  }

  #headOf(sent: Sent, insides: ChannelInsides): MessageHead {
    if (this.#head === undefined || this.#sent !== sent) this.#head = new MessageHead(insides.number, sent);
    this.#sent = sent;
    return this.#head;
  }
}
