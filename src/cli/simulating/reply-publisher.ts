import type { Codec } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Publisher } from "../../publisher/publisher.ts";

/** Is a socket that is asked and answers. */
export interface AnsweringSocket {
  readonly endpoints: readonly string[];
  receive(options: { readonly signal: AbortSignal }): Promise<readonly Uint8Array[]>;
  send(frames: readonly Uint8Array[]): Promise<void>;
  close(): Promise<unknown>;
}

/** Sends one message to whoever asks `next`, as a karabo-bridge does; waits until somebody asks. */
export class ReplyPublisher extends Publisher<AnyMessage> {
  override readonly codec: Codec;
  readonly #open: () => Promise<AnsweringSocket>;
  readonly #ended = new AbortController();
  #socket: AnsweringSocket | undefined;

  constructor(codec: Codec, open: () => Promise<AnsweringSocket>) {
    super();
    this.codec = codec;
    this.#open = open;
  }

  /** The addresses in use, with real ports. */
  get endpoints(): readonly string[] {
    return this.#socket?.endpoints ?? [];
  }

  override async open(): Promise<void> {
    this.#socket = await this.#open();
  }

  override async publish(message: AnyMessage): Promise<void> {
    for (const frames of this.encode(message)) {
      if (!(await this.#asked())) return;
      await (this.#socket as AnsweringSocket).send(frames);
    }
  }

  /** Leaves what nobody asked for. */
  end(): void {
    this.#ended.abort();
  }

  override async close(): Promise<void> {
    this.end();
    await this.#socket?.close();
    this.#socket = undefined;
  }

  /** Resolves when somebody asks for the next message; tells whether it came to that. */
  async #asked(): Promise<boolean> {
    const { signal } = this.#ended;
    const socket = this.#socket as AnsweringSocket;
    while (!signal.aborted) {
      try {
        const request = Buffer.concat((await socket.receive({ signal })) as Uint8Array[]).toString("latin1");
        if (request === "next") return true;
        await socket.send([Buffer.from(`Error: bad request ${request.slice(0, 100)}`)]);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    return false;
  }
}
