import { ConnectionError, UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { encodedAlone } from "./encoder.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { Refusal } from "./refusal.ts";
import { Waiters } from "./waiters.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

const DELIMITER = new Uint8Array(0);

type Question =
  | { readonly state: "none" }
  | { readonly state: "asked"; readonly peer: Peer }
  | { readonly state: "answered"; readonly frames: Uint8Array[] }
  | { readonly state: "failed"; readonly error: Error };

/** Is a REQ: asks one peer after the other, one question at a time, and waits for the answer of the one who was asked. */
export class AskingPattern extends ZmtpSocket implements Pattern {
  readonly #news: PatternNews;
  readonly #room = new Waiters();
  #question: Question = { state: "none" };

  constructor(settings: SocketSettings, bounds: ZmtpBounds, news: PatternNews) {
    super("REQ", settings, bounds, news);
    this.#news = news;
  }

  async takeLater(frames: readonly Uint8Array[], _patienceMs?: number, signal?: AbortSignal): Promise<boolean> {
    const { subject } = this.settings;
    for (;;) {
      if (this.closed || signal?.aborted === true) return false;
      if (this.#question.state !== "none")
        throw new UsageError(`${subject}: a req asks once; receive the answer first`);
      const [peer] = this.ready;
      if (peer !== undefined) {
        this.#ask(peer, frames);
        return true;
      }
      await this.#room.wait(undefined, signal);
    }
  }

  next(): Uint8Array[] | undefined {
    const question = this.#question;
    if (question.state === "none") throw new UsageError(`${this.settings.subject}: a req asks first; send a question`);
    if (question.state === "asked") return undefined;
    this.#question = { state: "none" };
    if (question.state === "failed") throw question.error;
    return question.frames;
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    if (frames.length < 2 || (frames[0] as Uint8Array).length > 0) {
      throw new Refusal("sent an answer that does not begin with an empty frame");
    }
    // Nobody waits for an answer that comes twice, or from somebody who was not asked.
    if (this.#question.state !== "asked" || this.#question.peer !== peer) return true;
    this.#question = { state: "answered", frames: frames.slice(1) };
    this.#news.came();
    return true;
  }

  protected override came(): void {
    this.#room.wake();
  }

  protected override left(peer: Peer): void {
    if (this.closed || this.#question.state !== "asked" || this.#question.peer !== peer) return;
    const error = new ConnectionError(
      `${this.settings.subject}: the connection ended before the answer came; ask again, if asking twice does no harm`,
    );
    this.#question = { state: "failed", error };
    this.#news.came();
  }

  protected override closing(): void {
    this.#room.wake();
  }

  #ask(peer: Peer, frames: readonly Uint8Array[]): void {
    // Who was asked stands last from now on.
    this.ready.delete(peer);
    this.ready.add(peer);
    this.#question = { state: "asked", peer };
    peer.write(encodedAlone([DELIMITER, ...frames]));
  }
}
