import type { Limits } from "../../../message/limits.ts";
import type { Message } from "../../../message/message.ts";
import type { Start } from "../../../message/start.ts";

/** Is a file that messages are read from, by their numbers. */
export interface Recording extends AsyncDisposable {
  /** How many messages there are, Start and Stop among them. */
  readonly count: number;
  /** The Start, for whoever begins behind it. */
  readonly start: Start | undefined;
  readonly stream: string;
  /** Reads a message. */
  read(number: number, limits: Limits): Promise<Message>;
}
