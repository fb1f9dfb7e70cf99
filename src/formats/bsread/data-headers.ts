import { RejectedError } from "../../errors.ts";
import { type Document, named, readJsonObject } from "../../message/documents/index.ts";
import type { Limits } from "../../message/limits.ts";
import { type Channel, compressionOf, readChannels } from "./channel.ts";
import { decompressText } from "./compressed.ts";

/** Is a data header that was read. */
export interface DataHeader {
  /** As it came, so that the same channels are written with the same bytes. */
  readonly part: Uint8Array;
  readonly compression: unknown;
  /** As it stands in the header. */
  readonly descriptions: readonly Document[];
  readonly channels: readonly Channel[];
}

/** Headers that are remembered: a source has one or a few. */
const MOST = 8;

/** The headers whose descriptions stand in messages, for whoever writes these again. */
export const HEADER_OF: WeakMap<object, DataHeader> = new WeakMap();

/** Reads data headers, each one once as long as the same comes again. */
export class DataHeaders {
  readonly #limits: Limits;
  readonly #known = new Map<unknown, DataHeader>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  read(main: Document, part: Uint8Array): DataHeader {
    const { hash, dh_compression: compression } = main;
    const known = this.#known.get(hash);
    // What the hash claims is not relied upon.
    if (known !== undefined && known.compression === compression && Buffer.compare(known.part, part) === 0)
      return known;
    const header = this.#parsed(compression, part);
    this.#known.delete(hash);
    this.#known.set(hash, header);
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value);
    HEADER_OF.set(header.descriptions, header);
    return header;
  }

  #parsed(compression: unknown, part: Uint8Array): DataHeader {
    const name = compressionOf(compression, "header.dh_compression");
    const text = named("data header", () => decompressText(name, part, this.#limits.maxHeaderBytes));
    const header = readJsonObject(text, this.#limits, "data header");
    const { htype } = header;
    if (typeof htype !== "string" || !htype.startsWith("bsr_d-")) {
      throw new RejectedError('data header: htype: expected "bsr_d-1.1"');
    }
    const channels = named("data header", () => readChannels(header));
    return { part: new Uint8Array(part), compression, descriptions: header["channels"] as Document[], channels };
  }
}
