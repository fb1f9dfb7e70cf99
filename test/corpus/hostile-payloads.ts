/** Names bytes that no reader may take, or that it may take only as what they are. */
export interface HostilePayload {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const DEEP = 100_000;

/** Values of MessagePack that must be refused wherever they stand. */
export const HOSTILE_MSGPACK: readonly HostilePayload[] = payloads({
  "an array nested too deeply": Buffer.concat([Buffer.alloc(DEEP, 0x91), bytes(0xc0)]),
  "maps nested too deeply": Buffer.concat([
    Buffer.alloc(2 * DEEP, bytes(0x81, 0xa1, 0x61).subarray(0, 3)),
    bytes(0xc0),
  ]),
  "an array that claims 2^31 items": bytes(0xdd, 0x7f, 0xff, 0xff, 0xff, 1),
  "an array that claims 2^32 - 1 items": bytes(0xdd, 0xff, 0xff, 0xff, 0xff, 1),
  "a map that claims 2^32 - 1 entries": bytes(0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0, 1),
  "text that claims 4 GiB": bytes(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61),
  "bytes that claim 2 GiB": bytes(0xc6, 0x7f, 0xff, 0xff, 0xff, 0),
  "the byte that is never used": bytes(0xc1),
  "a timestamp": bytes(0xd6, 0xff, 0, 0, 0, 1),
  "an extension of a pickler": bytes(0xc7, 1, 0x2a, 0),
  "text that is not UTF-8": bytes(0xa2, 0xc3, 0x28),
  "__proto__ as a key": keyed("__proto__"),
  "constructor as a key": keyed("constructor"),
  "prototype as a key": keyed("prototype"),
  "the same key twice": bytes(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2),
  "a number as a key": bytes(0x81, 1, 1),
  "nil as a key": bytes(0x81, 0xc0, 1),
  "bytes and text as keys": bytes(0x82, 0xc4, 1, 0x61, 1, 0xa1, 0x62, 1),
  "a map as a key": bytes(0x81, 0x80, 1),
});

/** JSON texts that must be refused, as the value of any key. */
export const HOSTILE_JSON: readonly HostilePayload[] = payloads({
  "a list nested too deeply": text("[".repeat(DEEP) + "]".repeat(DEEP)),
  "objects nested too deeply": text(`${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`),
  "lists that are never closed": text("[".repeat(DEEP)),
  "__proto__ as a key": text('{"__proto__":{"polluted":true}}'),
  "__proto__ as a key, escaped": text('{"\\u005f_proto__":1}'),
  "constructor as a key": text('{"constructor":{"prototype":{}}}'),
  "prototype as a key": text('{"prototype":1}'),
  "a comment": text("1 /* one */"),
  "a single quote": text("'a'"),
  undefined: text("undefined"),
  "a name that is no number": text("NaNa"),
  "minus NaN": text("-NaN"),
  "a NUL byte": text("1\u0000"),
  "text that is not UTF-8": bytes(0x22, 0xc3, 0x28, 0x22),
  "text without an end": text('"abc'),
  "a trailing comma": text("[1,]"),
  "hexadecimal digits": text("0xff"),
});

/** Whole messages that are nobody's. */
export const HOSTILE_MESSAGES: readonly HostilePayload[] = payloads({
  nothing: bytes(),
  "one NUL": bytes(0),
  "a pickle of protocol 2": bytes(0x80, 2, 0x7d, 0x71, 0, 0x2e),
  "a pickle of protocol 4": bytes(0x80, 4, 0x95, 2, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0x94, 0x2e),
  "a pickle of protocol 5": bytes(0x80, 5, 0x7d, 0x94, 0x2e),
  "a request of HTTP": text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  XML: text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
  "a number of MessagePack": bytes(42),
  "text of MessagePack": bytes(0xa5, 0x73, 0x74, 0x61, 0x72, 0x74),
  "an empty map": bytes(0x80),
  "an empty array": bytes(0x90),
  "an empty object": text("{}"),
  null: text("null"),
  "a list": text("[]"),
  "bytes of 0xff": Buffer.alloc(1000, 0xff),
});

function payloads(named: Readonly<Record<string, Uint8Array>>): readonly HostilePayload[] {
  return Object.entries(named).map(([name, bytes]) => ({ name, bytes }));
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function text(value: string): Uint8Array {
  return Buffer.from(value);
}

/** A map with one key, whose value is 1. */
function keyed(key: string): Uint8Array {
  return Buffer.concat([bytes(0x81, 0xa0 | key.length), text(key), bytes(1)]);
}
