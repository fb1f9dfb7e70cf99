import { UsageError } from "../../../errors.ts";
import type { AskingSocket, Engine, News, ReadingSocket, SocketSettings, WritingSocket } from "../socket.ts";
import { ZmtpAsking } from "./asking-socket.ts";
import { ZMTP_BOUNDS, type ZmtpBounds } from "./bounds.ts";
import { ZmtpPublishing } from "./publishing-socket.ts";
import { ZmtpPushing } from "./pushing-socket.ts";
import { ZmtpReading } from "./reading-socket.ts";
import type { ZmtpSocket } from "./zmtp-socket.ts";

/** Speaks ZMTP 3.1 over the sockets of Node, without a package. */
export class ZmtpEngine implements Engine {
  readonly name = "zmtp";
  readonly #bounds: ZmtpBounds;
  readonly #sockets: ZmtpSocket[] = [];

  constructor(bounds: Partial<ZmtpBounds> = {}) {
    this.#bounds = { ...ZMTP_BOUNDS, ...bounds };
  }

  async reading(kind: "sub" | "pull", settings: SocketSettings, news: News): Promise<ReadingSocket> {
    return this.#keep(settings, new ZmtpReading(kind, settings, this.#bounds, news));
  }

  async writing(kind: "pub" | "push", settings: SocketSettings, news: News): Promise<WritingSocket> {
    const Socket = kind === "pub" ? ZmtpPublishing : ZmtpPushing;
    return this.#keep(settings, new Socket(settings, this.#bounds, news));
  }

  async asking(settings: SocketSettings, news: News): Promise<AskingSocket> {
    return this.#keep(settings, new ZmtpAsking(settings, this.#bounds, news));
  }

  async close(): Promise<boolean> {
    const ends = await Promise.all(this.#sockets.map((socket) => socket.ended));
    return ends.every((hasLeft) => hasLeft);
  }

  #keep<S extends ZmtpSocket>({ subject, curve }: SocketSettings, socket: S): S {
    if (curve !== undefined) {
      socket.close();
      throw new UsageError(`${subject}: engine "zmtp" has no CURVE; take engine: "libzmq", or leave it out`);
    }
    this.#sockets.push(socket);
    return socket;
  }
}
