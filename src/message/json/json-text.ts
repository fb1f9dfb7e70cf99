import { RejectedError } from "../../errors.ts";

/** What stands for a number that JSON has no form for, until the document is walked; no text has such a key by chance. */
const NUMBER_KEY = "\u0000number";

/** Characters of an integer from which on it may be too large to be exact as a number. */
const LONG = 16;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads bytes as text. */
export function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RejectedError("not UTF-8", { cause });
  }
}

/** Parses JSON; numbers that it cannot hold are left as they are: rounded, or refused. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RejectedError("not JSON", { cause });
  }
}

/**
 * Parses JSON as Python and others write it: with bare NaN and Infinity, and with integers of any size. Those stand in
 * the result as objects that `exactNumber` turns into numbers and BigInts.
 */
export function parsedExactly(text: string): unknown {
  return parsed(withExactNumbers(text));
}

/** Gives the number for which an object of `parsedExactly` stands; undefined for every other object. */
export function exactNumber(object: Readonly<Record<string, unknown>>): number | bigint | undefined {
  const text = object[NUMBER_KEY];
  if (typeof text !== "string") return undefined;
  if (!/^-?\d+$/.test(text)) return Number(text);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** Rewrites the numbers that JSON.parse refuses or rounds; everything else is left for it to judge. */
function withExactNumbers(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      at = behindString(text, at);
      continue;
    }
    const end = startsNumber(unit) ? behindWord(text, at) : at + 1;
    const word = startsNumber(unit) ? text.slice(at, end) : "";
    if (word === "NaN" || word === "Infinity" || word === "-Infinity" || isLongInteger(word)) {
      parts.push(text.slice(copied, at), JSON.stringify({ [NUMBER_KEY]: word }));
      copied = end;
    }
    at = end;
  }
  if (copied === 0) return text;
  parts.push(text.slice(copied));
  return parts.join("");
}

/** Tells whether a character begins a number, or one of the names that stand for one. */
function startsNumber(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || unit === 0x2d || unit === 0x4e || unit === 0x49;
}

function behindString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    at += unit === 0x5c ? 2 : 1;
  }
  return at;
}

/** Gives the end of a word of letters, digits and the signs of a number. */
function behindWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWordUnit(text.charCodeAt(at))) at += 1;
  return at;
}

function isWordUnit(unit: number): boolean {
  const letter = unit | 0x20;
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (letter >= 0x61 && letter <= 0x7a) ||
    unit === 0x2d ||
    unit === 0x2b ||
    unit === 0x2e ||
    unit === 0x5f
  );
}

/** An integer that JSON allows and that may need more than 53 bits; very long ones are a way to waste time. */
function isLongInteger(word: string): boolean {
  return word.length >= LONG && word.length <= 1000 && /^-?[1-9]\d*$/.test(word);
}
