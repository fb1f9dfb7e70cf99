import { Packer } from "../../../src/message/msgpack/index.ts";

/** Says what a header made by hand has; what is left out is that of a sound event. */
export interface HandMade {
  readonly magic?: string;
  readonly version?: number;
  readonly kind?: number;
  readonly flags?: number;
  readonly sequence?: bigint;
  readonly timeMs?: number;
  readonly ofStatic?: unknown;
  readonly dynamic?: unknown;
  /** The static map as bytes, in place of `ofStatic`. */
  readonly staticBytes?: Uint8Array;
  /** The dynamic map as bytes, in place of `dynamic`. */
  readonly dynamicBytes?: Uint8Array;
  readonly staticLength?: number;
  readonly mapsLength?: number;
}

/** Encodes a value as MessagePack. */
export function packed(value: unknown): Uint8Array {
  const packer = new Packer();
  packer.value(value, "value");
  return new Uint8Array(packer.finish());
}

/** Makes a header byte for byte, from the description in docs/wire-format.md and not with the writer. */
export function handMade(made: HandMade = {}): Uint8Array {
  const ofStatic = made.staticBytes ?? packed(made.ofStatic ?? { run: "r", origin: ["s", "p"] });
  const dynamic = made.dynamicBytes ?? packed(made.dynamic ?? { sequence: 0 });
  const header = Buffer.alloc(40 + ofStatic.length + dynamic.length);
  header.write(made.magic ?? "AYO", 0, "latin1");
  header[3] = made.version ?? 1;
  header[4] = made.kind ?? 2;
  header[5] = made.flags ?? 0;
  header.writeUInt16LE(made.staticLength ?? ofStatic.length, 6);
  header.writeBigUInt64LE(made.sequence ?? 0n, 8);
  header.writeBigUInt64LE(0x0011_2233_4455_66ffn, 16);
  header.writeDoubleLE(made.timeMs ?? Number.NaN, 24);
  header.writeUInt32LE(made.mapsLength ?? ofStatic.length + dynamic.length, 32);
  header.set(ofStatic, 40);
  header.set(dynamic, 40 + ofStatic.length);
  return header;
}
