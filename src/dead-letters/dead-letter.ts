import { randomBytes } from "node:crypto";
import { text, UsageError } from "../errors.ts";
import type { Origin } from "../message/envelope.ts";

const MAX_MESSAGE_CHARACTERS = 4_096;
const MAX_STACK_CHARACTERS = 16_384;

/** Says where on its way through a block a message failed. */
export type FailedStep = "decode" | "process" | "publish";

/** Describes what was thrown, in bounded text. */
export interface LetterError {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
}

/** Says everything about a message that failed, but its bytes. */
export interface LetterFacts {
  /** Made by `DeadLetterIds`. */
  readonly id: string;
  /** The codec that can read the frames. */
  readonly codec: string;
  readonly block: string;
  readonly listener?: string;
  readonly run?: string;
  readonly stream?: string;
  readonly origin?: Origin;
  readonly step: FailedStep;
  readonly error: LetterError;
  /** How often it was tried. */
  readonly attempt: number;
  /** When it was given up, in ms since 1970 UTC. */
  readonly timeMs: number;
}

/** Keeps a message that failed, with its original bytes. */
export interface DeadLetter extends LetterFacts {
  readonly frames: readonly Uint8Array[];
}

/** Says what stands in a store at one place: a letter, or something that is none. */
export type DeadLetterSummary =
  | (LetterFacts & { readonly type: "letter"; readonly bytes: number; readonly frameBytes: readonly number[] })
  | { readonly type: "skipped"; readonly file: string; readonly bytes: number; readonly reason: string };

/** Makes ids that sort by time and are unique over processes. */
export class DeadLetterIds {
  readonly #maker: string;
  #count = 0;

  /** `random` gives some random bytes; injected in tests. */
  constructor(random: (bytes: number) => Uint8Array = randomBytes) {
    this.#maker = Buffer.from(random(6)).toString("hex");
  }

  /** Makes the id of a letter of this time; those of one time sort in order of making. */
  next(timeMs: number): string {
    const time = Math.min(Math.max(0, Math.floor(timeMs) || 0), 2 ** 48 - 1);
    const count = this.#count;
    this.#count = (count + 1) % 2 ** 32;
    return `${hex(time, 12)}-${this.#maker}-${hex(count, 8)}`;
  }
}

/** Checks that an id is one, before it becomes part of a path. */
export function checkedId(id: string): string {
  if (/^[0-9a-z][0-9a-z-]{0,99}$/.test(id)) return id;
  throw new UsageError(
    `dead letters: ${JSON.stringify(id).slice(0, 120)} is no id; ids are made of a-z, 0-9 and -, as list() gives them`,
  );
}

/** Describes what was thrown, for a letter. */
export function letterError(error: unknown): LetterError {
  const { name, code, stack } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return {
    name: typeof name === "string" ? name.slice(0, 256) : "Error",
    ...(typeof code === "string" ? { code: code.slice(0, 256) } : {}),
    message: text(error).slice(0, MAX_MESSAGE_CHARACTERS),
    ...(typeof stack === "string" ? { stack: stack.slice(0, MAX_STACK_CHARACTERS) } : {}),
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
