/** Bounds what other sockets may cost us. */
export interface ZmtpBounds {
  /** Connections of one socket. */
  readonly maxPeers: number;
  /** Connections whose handshake is not over; one more, and the oldest of them goes. */
  readonly maxUnready: number;
  /** How long a handshake may take, all of it. */
  readonly handshakeMs: number;
  /** A message of which nothing came for so long, or up to twice as long, ends its connection. */
  readonly stallMs: number;
  /** Frames of a message. At least so many, and far more than a listener allows: that rejects one message, this costs the connection. */
  readonly maxFrames: number;
  readonly maxCommandBytes: number;
  /** Different topics that one subscriber may ask for. */
  readonly maxPrefixes: number;
  /** Bytes of all of them together. */
  readonly maxPrefixBytes: number;
}

/** The defaults of `ZmtpBounds`. */
export const ZMTP_BOUNDS: ZmtpBounds = Object.freeze({
  maxPeers: 1024,
  maxUnready: 128,
  handshakeMs: 10_000,
  stallMs: 30_000,
  maxFrames: 10_000,
  maxCommandBytes: 64 * 1024,
  maxPrefixes: 10_000,
  maxPrefixBytes: 1024 * 1024,
});
