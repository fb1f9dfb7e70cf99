/** Puts CBOR together from hex and bytes, for messages that no writer would make. */
export function cbor(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part))),
  );
}

/** Gives text of CBOR, of less than 256 bytes. */
export function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return cbor(bytes.length < 24 ? Uint8Array.of(0x60 | bytes.length) : Uint8Array.of(0x78, bytes.length), bytes);
}

/** Gives a map of CBOR whose values are CBOR already. */
export function map(fields: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(fields).flatMap(([key, value]) => [text(key), value]);
  return cbor(Uint8Array.of(0xa0 | (entries.length / 2)), ...entries);
}
