// Sockets of our engine alone, without a block: ends that are quicker than what stands between them.
import { ZmtpEngine } from "../../dist/transports/zmq/zmtp/zmtp-engine.js";

const SETTINGS = {
  subject: "bench",
  maxBytes: 64_000_000,
  messageBytes: 65_536,
  maxFrameBytes: 256_000_000,
  heartbeatMs: 0,
  reconnectMaxMs: 1000,
  lingerMs: 10_000,
  readInPlace: true,
  ipv6: false,
  curve: undefined,
  plain: undefined,
};
const NEWS = {
  peers: () => undefined,
  trouble: (reason) => {
    throw new Error(`bench: a connection ${reason}`);
  },
};

/** Makes a PULL that lends the memory of large frames; it closes with the process. */
export function pull() {
  return new ZmtpEngine().reading("pull", { ...SETTINGS, reuseBuffers: true }, NEWS);
}

/** Makes a PUB. */
export function pub() {
  return new ZmtpEngine().writing("pub", SETTINGS, { ...NEWS, trouble: () => undefined });
}

/** Makes a PUSH, and what sends a message as soon as there is room. */
export async function push(connect) {
  const engine = new ZmtpEngine();
  const socket = await engine.writing("push", SETTINGS, NEWS);
  socket.connect(connect);
  return {
    send: (frames) => (socket.take(frames) ? undefined : socket.takeLater(frames)),
    close: () => {
      socket.close();
      return engine.close();
    },
  };
}
