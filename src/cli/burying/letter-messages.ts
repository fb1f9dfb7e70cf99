import { codecNameOf, loadCodec } from "../../config/registry.ts";
import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { Codec } from "../../message/codec.ts";
import { limitsOf } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { guess } from "../looking/guess.ts";

/** Is what the bytes of a letter hold. */
export interface LetterMessages {
  /** None where they cannot be read. */
  readonly messages: readonly AnyMessage[];
  readonly codec: Codec;
  /** The name of the format, as commands take it. */
  readonly format: string;
}

/** Reads the bytes of a letter with `given`, or the codec that it names, or the one that they look like. */
export async function messagesOf(letter: DeadLetter, given?: Codec): Promise<LetterMessages> {
  const named = given ?? (await codecNamed(letter.codec));
  const codec = named ?? (await guess([letter.frames], (name, options) => loadCodec(name, options))).codec;
  const format = codecNameOf(codec.name) ?? codec.name;
  try {
    const decoded = codec.reader(limitsOf(codec))(letter.frames);
    return { messages: decoded.map(({ message }) => message), codec, format };
  } catch {
    return { messages: [], codec, format };
  }
}

async function codecNamed(own: string): Promise<Codec | undefined> {
  const name = codecNameOf(own);
  return name === undefined ? undefined : await loadCodec(name);
}
