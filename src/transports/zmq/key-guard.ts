import type { Context, Reply } from "zeromq";
import { bindFreed } from "./bind-freed.ts";
import { received } from "./received.ts";

type Package = Pick<typeof import("zeromq"), "Context" | "Reply">;

/** Ties sockets to those who may come to them. */
export interface Guarded {
  readonly context: Context;
  readonly domain: string;
  /** Lets them go; the last one closes the guard's own socket. */
  release(): void;
}

const HANDLER = "inproc://zeromq.zap.01";
/** Places in a request of the protocol ZAP. */
const VERSION = 0;
const REQUEST = 1;
const DOMAIN = 2;
const MECHANISM = 5;
const CREDENTIALS = 6;

/** Tells whether somebody may come in, by what his mechanism asks of him. */
export type IsWelcome = (mechanism: string, credentials: readonly Buffer[]) => boolean;

/** A context of libzmq ends with the process, so that there is one for each copy of the package. */
const guards = new WeakMap<object, KeyGuard>();

/**
 * Answers libzmq's question whether a client may come in, by his key or his password (the protocol ZAP). libzmq asks one handler for each
 * context, so that guarded sockets share a context of their own, and the domain says which of them is meant.
 */
export class KeyGuard {
  readonly #zmq: Package;
  readonly #context: Context;
  readonly #doors = new Map<string, IsWelcome>();
  #handler: Promise<Reply> | undefined;
  #made = 0;

  private constructor(zmq: Package) {
    this.#zmq = zmq;
    this.#context = new zmq.Context();
  }

  /** Gives the guard of a copy of the package. */
  static of(zmq: Package): KeyGuard {
    const guard = guards.get(zmq.Context) ?? new KeyGuard(zmq);
    guards.set(zmq.Context, guard);
    return guard;
  }

  /** Lets in who is welcome, and nobody else, at sockets of the context and domain given back. */
  async admit(isWelcome: IsWelcome): Promise<Guarded> {
    this.#made += 1;
    const domain = `arroyo-${this.#made}`;
    this.#doors.set(domain, isWelcome);
    const release = (): void => this.#release(domain);
    this.#handler ??= this.#open();
    try {
      await this.#handler;
    } catch (error) {
      release();
      throw error;
    }
    return { context: this.#context, domain, release };
  }

  #release(domain: string): void {
    this.#doors.delete(domain);
    if (this.#doors.size > 0) return;
    const closing = this.#handler;
    this.#handler = undefined;
    // One that could not be opened was reported to whoever asked for it.
    closing?.then((handler) => handler.close()).catch(() => {});
  }

  async #open(): Promise<Reply> {
    const handler = new this.#zmq.Reply({ context: this.#context, linger: 0 });
    await bindFreed(() => handler.bind(HANDLER));
    void this.#answer(handler);
    return handler;
  }

  async #answer(handler: Reply): Promise<void> {
    while (!handler.closed) {
      const request = await received(handler);
      if (request === undefined || handler.closed) return;
      const [code, reason] = this.#isWelcome(request) ? ["200", "OK"] : ["400", "is not allowed"];
      const answer = [request[VERSION] ?? "1.0", request[REQUEST] ?? "", code, reason, "", ""] as (string | Buffer)[];
      await handler.send(answer).catch(() => undefined);
    }
  }

  #isWelcome(request: readonly Buffer[]): boolean {
    const isWelcome = this.#doors.get(String(request[DOMAIN]));
    return isWelcome?.(String(request[MECHANISM]), request.slice(CREDENTIALS)) ?? false;
  }
}
