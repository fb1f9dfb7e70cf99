import { UsageError } from "../../../errors.ts";
import type { Engine, News, ReadingSocket, SocketSettings, WritingSocket } from "../socket.ts";
import { ZmtpPublishing } from "./publishing-socket.ts";
import { ZmtpPushing } from "./pushing-socket.ts";
import { ZmtpReading } from "./reading-socket.ts";
import type { ZmtpSocket } from "./zmtp-socket.ts";

/** Speaks ZMTP 3.1 over the sockets of Node, without a package. */
export class ZmtpEngine implements Engine {
  readonly name = "zmtp";
  readonly #sockets: ZmtpSocket[] = [];

  async reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket> {
    refuseCurve(settings);
    const socket = new ZmtpReading(kind, settings, news);
    this.#sockets.push(socket);
    return socket;
  }

  async writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket> {
    refuseCurve(settings);
    const socket = kind === "pub" ? new ZmtpPublishing(settings, news) : new ZmtpPushing(settings, news);
    this.#sockets.push(socket);
    return socket;
  }

  async close(): Promise<boolean> {
    const ends = await Promise.all(this.#sockets.map((socket) => socket.ended));
    return ends.every((hasLeft) => hasLeft);
  }
}

function refuseCurve({ subject, curve }: SocketSettings): void {
  if (curve === undefined) return;
  throw new UsageError(`${subject}: engine "zmtp" has no CURVE; take engine: "libzmq", or leave it out`);
}
