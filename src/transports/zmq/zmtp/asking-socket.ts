import type { AskingSocket, News, SocketSettings } from "../socket.ts";
import { AskingPattern } from "./asking-pattern.ts";
import type { ZmtpBounds } from "./bounds.ts";

/** Is a REQ that asks and waits for the answer only so long. */
export class ZmtpAsking extends AskingPattern implements AskingSocket {
  readonly #answer: Answer;

  constructor(settings: SocketSettings, bounds: ZmtpBounds, news: News) {
    const answer: Answer = { look: () => undefined, giveUp: () => undefined };
    super(settings, bounds, {
      peers: (count) => news.peers(count),
      trouble: (reason) => news.trouble(reason),
      came: () => answer.look(),
    });
    this.#answer = answer;
  }

  async ask(question: readonly Uint8Array[], timeoutMs: number): Promise<Uint8Array[] | undefined> {
    if (!(await this.takeLater(question))) return undefined;
    return new Promise((resolve) => {
      const end = (frames?: Uint8Array[]): void => {
        clearTimeout(timer);
        this.#answer.look = () => undefined;
        this.#answer.giveUp = () => undefined;
        resolve(frames);
      };
      const timer = timeoutMs > 0 ? setTimeout(end, timeoutMs) : undefined;
      this.#answer.giveUp = end;
      this.#answer.look = () => {
        try {
          const frames = this.next();
          if (frames !== undefined) end(frames);
        } catch {
          // The connection ended before the answer.
          end();
        }
      };
      this.#answer.look();
    });
  }

  protected override closing(): void {
    super.closing();
    this.#answer.giveUp();
  }
}

interface Answer {
  look(): void;
  giveUp(): void;
}
