import { Duplex } from "node:stream";
import type { ZmqPlain } from "../../../../src/transports/zmq/plain.ts";
import type { Command } from "../../../../src/transports/zmq/zmtp/command.ts";
import type { FramePool } from "../../../../src/transports/zmq/zmtp/frame-pool.ts";
import type { SocketType } from "../../../../src/transports/zmq/zmtp/handshake.ts";
import { Peer } from "../../../../src/transports/zmq/zmtp/peer.ts";

export interface AloneOptions {
  readonly type?: SocketType;
  readonly plain?: ZmqPlain;
  readonly maxMessageBytes?: number;
  readonly handshakeMs?: number;
  readonly heartbeatMs?: number;
  /** Asked at each message: false stops. */
  readonly takes?: () => boolean;
  /** Lends the memory of large frames, and gets it back at once. */
  readonly pool?: FramePool | undefined;
}

/** Is a peer without a network: what it writes is collected, what it reads is given by hand. */
export class PeerAlone implements Disposable {
  readonly peer: Peer;
  readonly written: Buffer[] = [];
  readonly messages: Uint8Array[][] = [];
  readonly commands: Command[] = [];
  readonly closings: (string | undefined)[] = [];
  isPaused = false;

  constructor(options: AloneOptions = {}) {
    const { type = "PULL", plain, pool, takes = () => true } = options;
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        this.written.push(chunk);
        done();
      },
    });
    stream.pause = () => {
      this.isPaused = true;
      return stream;
    };
    stream.resume = () => {
      this.isPaused = false;
      return stream;
    };
    const limits = { maxMessageBytes: options.maxMessageBytes ?? 1_000_000, maxFrames: 64, maxCommandBytes: 65_536 };
    const settings = {
      role: { type, plain },
      limits,
      heartbeatMs: options.heartbeatMs ?? 0,
      handshakeMs: options.handshakeMs ?? 10_000,
      pool,
    };
    this.peer = new Peer(stream, settings, {
      ready: () => undefined,
      message: (_peer, frames) => {
        this.messages.push(pool === undefined ? frames : frames.map((frame) => new Uint8Array(frame)));
        const lent = pool?.lend(frames);
        lent?.came();
        lent?.ack();
        return takes();
      },
      command: (_peer, command) => void this.commands.push(command),
      closed: (_peer, reason) => void this.closings.push(reason),
      drained: () => undefined,
    });
  }

  get bytesWritten(): Buffer {
    return Buffer.concat(this.written);
  }

  /** Reads as a socket does: straight into a large frame where one is being read. */
  read(bytes: Uint8Array, split: number = bytes.length): void {
    for (let at = 0; at < bytes.length; ) {
      const { target } = this.peer;
      const length = Math.min(split, bytes.length - at, target?.length ?? Infinity);
      // What is read belongs to the peer.
      const chunk = bytes.slice(at, at + length);
      if (target === undefined) this.peer.feed(chunk);
      else {
        target.set(chunk);
        this.peer.filled(length);
      }
      at += length;
    }
  }

  [Symbol.dispose](): void {
    this.peer.close();
  }
}
