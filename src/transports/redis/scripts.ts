import type { Command, Part } from "./command.ts";
import type { Link } from "./link.ts";

/** What goes in one script, at most: the server does nothing else meanwhile. */
const SCRIPT_BYTES = 256 * 1024;
const SCRIPT_MESSAGES = 512;
/** Larger messages go by themselves: the script would copy them, and a command costs little beside them. */
const SMALL_BYTES = 4 * 1024;

const ADD = `for at = 3, #ARGV do
  if at == #ARGV and ARGV[2] ~= '' then redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', ARGV[1], ARGV[at])
  else redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[at]) end
end
return #ARGV - 2`;

const PUBLISH = `for at = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[at], ARGV[at + 1]) end
return #ARGV / 2`;

/** Tells whether a server runs scripts for this user: with them many small messages are one command. */
export async function canScript(link: Link): Promise<boolean> {
  const [answer] = await link.callAll([["EVAL", "return 1", 0]], "give");
  return answer === 1;
}

/** Tells whether a message is better sent in a script, together with others. */
export function isSmall(bytes: number): boolean {
  return bytes <= SMALL_BYTES;
}

/** Gathers small messages in a row into scripts. */
export class Gathered {
  readonly #command: Part[];
  readonly #first: number;
  #bytes = 0;
  #messages = 0;

  private constructor(...command: Part[]) {
    this.#command = command;
    this.#first = command.length;
  }

  /** Gathers entries for a stream; `maxLength` trims it, about, with the last of them. */
  static entries(stream: string, field: string, maxLength: number | ""): Gathered {
    return new Gathered("EVAL", ADD, 1, stream, field, maxLength);
  }

  /** Gathers messages for channels. */
  static messages(): Gathered {
    return new Gathered("EVAL", PUBLISH, 0);
  }

  get isFull(): boolean {
    return this.#messages >= SCRIPT_MESSAGES || this.#bytes >= SCRIPT_BYTES;
  }

  /** Takes what belongs to one message. */
  add(bytes: number, ...parts: readonly Part[]): void {
    for (const part of parts) this.#command.push(part);
    this.#bytes += bytes;
    this.#messages += 1;
  }

  /** The command; undefined where nothing was taken. */
  get command(): Command | undefined {
    return this.#command.length === this.#first ? undefined : (this.#command as unknown as Command);
  }
}
