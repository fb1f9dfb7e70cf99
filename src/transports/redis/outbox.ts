import type { Command } from "./command.ts";
import type { Link } from "./link.ts";
import { Gathered, isSmall } from "./scripts.ts";

/** What goes out in one write, at most. */
const WRITE_BYTES = 64 * 1024;
const WRITE_MESSAGES = 256;
/** How much may be without an answer. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const WINDOW_MESSAGES = 8_192;

interface Room {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** Publishes with a window: what is published in one turn goes out together, and its answers are not waited for. */
export class Outbox {
  readonly #link: Link;
  readonly #canScript: boolean;
  #commands: Command[] = [];
  #gathered: Gathered | undefined;
  #bytes = 0;
  #messages = 0;
  #timer: NodeJS.Immediate | undefined;
  /** What was added and has no answer. */
  #openBytes = 0;
  #openMessages = 0;
  #trouble: { readonly error: unknown } | undefined;
  #room: Room | undefined;
  /** Is told of each answer. */
  #answer: Room | undefined;

  /** `canScript`: many small messages may be one command. */
  constructor(link: Link, canScript: boolean) {
    this.#link = link;
    this.#canScript = canScript;
    void link.lost.then((error) => this.#broke(error));
  }

  /** Throws what broke the connection. */
  check(): void {
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }

  /** Takes a message, in pieces that have so many bytes together. */
  add(channel: string, body: readonly Uint8Array[], bytes: number): void {
    if (this.#trouble !== undefined) return;
    if (this.#canScript && isSmall(bytes)) {
      if (this.#gathered?.isFull === true) this.#gather();
      this.#gathered ??= Gathered.messages();
      this.#gathered.add(bytes, channel, body);
    } else {
      this.#gather();
      this.#commands.push(["PUBLISH", channel, body]);
    }
    this.#bytes += bytes;
    this.#messages += 1;
    this.#openBytes += bytes;
    this.#openMessages += 1;
    if (this.#bytes >= WRITE_BYTES || this.#messages >= WRITE_MESSAGES) this.#write();
    else this.#timer ??= setImmediate(() => this.#write());
  }

  /** A promise says that too much has no answer, and resolves when there is room for more. */
  room(): Promise<void> | undefined {
    if (!this.#isFull) return undefined;
    this.#room ??= newRoom();
    return this.#room.promise.then(() => this.check());
  }

  /** Resolves when everything has its answer, or the connection is lost. */
  async empty(): Promise<void> {
    this.#write();
    while (this.#openMessages > 0 && this.#trouble === undefined) {
      this.#answer ??= newRoom();
      await this.#answer.promise;
    }
  }

  get #isFull(): boolean {
    return this.#openBytes > WINDOW_BYTES || this.#openMessages > WINDOW_MESSAGES;
  }

  #write(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#gather();
    if (this.#commands.length === 0) return;
    const commands = this.#commands;
    const bytes = this.#bytes;
    const messages = this.#messages;
    this.#commands = [];
    this.#bytes = 0;
    this.#messages = 0;
    this.#link
      .sendAll(commands)
      .catch((error: unknown) => this.#broke(error))
      .finally(() => {
        this.#openBytes -= bytes;
        this.#openMessages -= messages;
        this.#answer?.resolve();
        this.#answer = undefined;
        if (!this.#isFull) this.#open();
      });
  }

  /** Ends the script, so that what follows comes behind it. */
  #gather(): void {
    if (this.#gathered?.command !== undefined) this.#commands.push(this.#gathered.command);
    this.#gathered = undefined;
  }

  #broke(error: unknown): void {
    this.#trouble ??= { error };
    this.#answer?.resolve();
    this.#open();
  }

  #open(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function newRoom(): Room {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
