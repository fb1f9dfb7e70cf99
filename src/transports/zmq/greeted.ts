import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import type { Ends } from "./ends.ts";
import { type Command, readCommand } from "./zmtp/command.ts";
import { checkGreeting, GREETING_BYTES, greeting, readGreeting } from "./zmtp/greeting.ts";
import { greetingOf, Handshake, type SocketType } from "./zmtp/handshake.ts";
import { Refusal } from "./zmtp/refusal.ts";
import { tcpCall } from "./zmtp/tcp-address.ts";

/** Says who answered at an address. */
export interface Greeted {
  /** The kind of its socket; undefined where it says so only to a socket. */
  readonly type: string | undefined;
  /** Why we could not talk to it; undefined where we could. */
  readonly refusal: string | undefined;
  /** What to add about how it is secured; empty for not at all. */
  readonly security: string;
}

/** Both sides say what they are at once; who waits for us to say it first is not asked. */
const SAYS_MS = 500;
const MOST_BYTES = 8 * 1024;
const LONG = 0x02;
const COMMAND = 0x04;

/**
 * Exchanges greetings with an address and hears what kind of socket answers, without saying that we are one: so nothing
 * is dealt to us. Rejects where nobody answers.
 */
export async function greet(
  address: string,
  { settings: { plain, curve } }: Pick<Ends, "settings">,
  type: SocketType,
  signal: AbortSignal,
): Promise<Greeted> {
  const socket = await connected(address, signal);
  const abort = (): void => void socket.destroy(new Error("timed out: who is there accepts and says nothing"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    const bytes = new Incoming(socket);
    const handshake = new Handshake({ type, plain });
    socket.write(curve === undefined ? greetingOf({ type, plain }) : greeting("CURVE", false));
    const said = readGreeting(await bytes.greeting());
    if (curve !== undefined) {
      const isSame = said.mechanism === "CURVE";
      const refusal = `uses the security ${said.mechanism.replaceAll(/\W/g, "?") || "(none)"}, we use CURVE`;
      return {
        type: undefined,
        refusal: isSame ? undefined : refusal,
        security: ", with CURVE; the keys were not tried",
      };
    }
    const { send } = handshake.greeted(said);
    if (plain !== undefined && send !== undefined) {
      socket.write(send);
      handshake.take(await bytes.command());
      return { type: undefined, refusal: undefined, security: ", and takes the name and password (PLAIN)" };
    }
    let isGivenUp = false;
    const late = setTimeout(() => {
      isGivenUp = true;
      socket.destroy();
    }, SAYS_MS);
    try {
      const { ready } = handshake.take(await bytes.command());
      return { type: ready?.type, refusal: undefined, security: "" };
    } catch (error) {
      if (!isGivenUp) throw error;
      return { type: undefined, refusal: undefined, security: "" };
    } finally {
      clearTimeout(late);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { type: /^is a (\w+)/.exec(error.message)?.[1], refusal: error.message, security: "" };
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

async function connected(address: string, signal: AbortSignal): Promise<Socket> {
  const [transport, rest = ""] = address.split("://", 2);
  const socket = createConnection(
    transport === "ipc" ? { path: rest.startsWith("@") ? `\0${rest.slice(1)}` : rest } : tcpCall(rest),
  );
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    if (signal.aborted) throw new Error("timed out: nobody answers", { cause: error });
    throw error;
  }
  return socket;
}

/** Gathers what comes until there is enough of it. */
class Incoming {
  #bytes: Uint8Array = new Uint8Array(0);
  #end: Error | undefined;
  #look: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on("data", (chunk: Uint8Array) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.#bytes.length > MOST_BYTES) socket.destroy(new Error("says far too much for a greeting"));
      this.#look();
    });
    const over = (error?: Error): void => {
      this.#end ??=
        error ?? new Refusal("hung up on us in the greeting; perhaps it uses another security (CURVE, PLAIN)");
      this.#look();
    };
    socket.on("error", over);
    socket.on("close", () => over());
  }

  /** Gives the greeting; what is none is refused as soon as that shows. */
  greeting(): Promise<Uint8Array> {
    return this.#when(() => {
      checkGreeting(this.#bytes, Math.min(GREETING_BYTES, this.#bytes.length));
      if (this.#bytes.length < GREETING_BYTES) return undefined;
      return this.#take(GREETING_BYTES, 0);
    });
  }

  /** Gives the next command. */
  command(): Promise<Command> {
    return this.#when(() => {
      const [flags, short] = this.#bytes;
      if (flags === undefined || short === undefined) return undefined;
      if ((flags & COMMAND) === 0) throw new Refusal("sends messages before the handshake is over");
      const isLong = (flags & LONG) !== 0;
      const head = isLong ? 9 : 2;
      if (this.#bytes.length < head) return undefined;
      const length = isLong ? new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getUint32(5) : short;
      if (length > MOST_BYTES) throw new Refusal("sends a command that is far too long");
      if (this.#bytes.length < head + length) return undefined;
      const command = readCommand(this.#take(head + length, head));
      if (command === undefined) throw new Refusal("sends a command that says nothing");
      return command;
    });
  }

  #take(length: number, from: number): Uint8Array {
    const taken = this.#bytes.slice(from, length);
    this.#bytes = this.#bytes.slice(length);
    return taken;
  }

  #when<T>(read: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        try {
          const found = read();
          if (found !== undefined) resolve(found);
          else if (this.#end !== undefined) reject(this.#end);
        } catch (error) {
          reject(error);
        }
      };
      this.#look();
    });
  }
}
