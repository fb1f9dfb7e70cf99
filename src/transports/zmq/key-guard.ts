import type { Context, Reply } from "zeromq";
import { bindFreed } from "./bind-freed.ts";
import { keyBytes } from "./curve.ts";
import { received } from "./received.ts";

const HANDLER = "inproc://zeromq.zap.01";
/** Places in a request of the protocol ZAP. */
const VERSION = 0;
const REQUEST = 1;
const MECHANISM = 5;
const KEY = 6;
const FRAMES = 7;

/** Answers libzmq's question whether a client's key may come in (the protocol ZAP), for all sockets of one context. */
export class KeyGuard {
  /** How many sockets a guard has in its context. */
  static readonly sockets = 1;
  readonly #keys: ReadonlySet<string>;
  readonly #handler: Reply;

  private constructor(handler: Reply, keys: readonly string[]) {
    this.#handler = handler;
    this.#keys = new Set(keys.map((key) => keyBytes(key).toString("hex")));
  }

  /** Begins to let the named keys in, and nobody else. */
  static async open(
    zmq: Pick<typeof import("zeromq"), "Reply">,
    context: Context,
    keys: readonly string[],
  ): Promise<KeyGuard> {
    const guard = new KeyGuard(new zmq.Reply({ context, linger: 0 }), keys);
    try {
      await bindFreed(() => guard.#handler.bind(HANDLER));
    } catch (error) {
      guard.close();
      throw error;
    }
    void guard.#answer();
    return guard;
  }

  close(): void {
    this.#handler.close();
  }

  async #answer(): Promise<void> {
    const handler = this.#handler;
    while (!handler.closed) {
      const request = await received(handler);
      if (request === undefined || handler.closed) return;
      const [code, reason] = this.#isWelcome(request) ? ["200", "OK"] : ["400", "this key is not allowed"];
      const answer = [request[VERSION] ?? "1.0", request[REQUEST] ?? "", code, reason, "", ""] as (string | Buffer)[];
      await handler.send(answer).catch(() => undefined);
    }
  }

  #isWelcome(request: readonly Buffer[]): boolean {
    if (request.length !== FRAMES || String(request[MECHANISM]) !== "CURVE") return false;
    return this.#keys.has((request[KEY] as Buffer).toString("hex"));
  }
}
