/** Is one part of a command; bytes may come in pieces, which follow each other. */
export type Part = string | number | Buffer | readonly Uint8Array[];

/** Is one command: its name and what follows it. */
export type Command = readonly [name: string, ...rest: Part[]];

/** Gives a part as the client takes it. */
export function whole(part: Part): string | number | Buffer {
  return typeof part === "object" && !Buffer.isBuffer(part) ? Buffer.concat(part) : part;
}
