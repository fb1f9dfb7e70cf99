import { RejectedError } from "../../errors.ts";
import type { Limits } from "../limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Refuses a text in which more than `maxHeaderBytes` stand outside of strings: each byte of structure can become an
 * object many times its size, while a string, as which arrays travel, takes no more than its length.
 */
export function checkJsonStructure(text: Uint8Array, limits: Limits): void {
  if (text.length <= limits.maxHeaderBytes) return;
  let structure = 0;
  let at = 0;
  while (at < text.length) {
    const opening = found(text, at);
    structure += opening - at + 2;
    if (structure > limits.maxHeaderBytes) {
      throw new RejectedError(`the message has more than ${limits.maxHeaderBytes} bytes beside its texts`);
    }
    let closing = found(text, opening + 1);
    while (closing < text.length && isEscaped(text, closing)) closing = found(text, closing + 1);
    at = closing + 1;
  }
}

function found(text: Uint8Array, from: number): number {
  const at = text.indexOf(QUOTE, from);
  return at < 0 ? text.length : at;
}

/** Tells whether a quote is part of a string: behind an odd number of backslashes. */
function isEscaped(text: Uint8Array, quote: number): boolean {
  let at = quote;
  while (text[at - 1] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}
