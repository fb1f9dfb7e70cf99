import { RejectedError } from "../../errors.ts";
import { AsReceived, type Document, named, refusePickle } from "../../message/documents/index.ts";
import { utf8 } from "../../message/json/json-text.ts";
import { decodeAt, Packer, skip } from "../../message/msgpack/index.ts";
import { documentName } from "./document-names.ts";

/** Is a document in its wrapping: what stands around it, and its bytes. */
export interface Wrapped {
  /** `prefix` where there is one, and `name`. */
  readonly fields: Document & { readonly name: string };
  readonly document: Uint8Array;
}

/** Puts a document into what travels, and takes it out again. */
export interface Envelope {
  open(bytes: Uint8Array): Wrapped;
  wrap(fields: { readonly prefix?: string; readonly name: string }, document: Uint8Array): Uint8Array;
  /** What was read in this form, for whoever writes it again. */
  readonly received: AsReceived;
}

const BLANK = 0x20;

/** Makes the wrapping of ZeroMQ: a prefix, which may be empty, a blank, a name, a blank, the document. */
export function blankSeparated(): Envelope {
  return {
    open(bytes) {
      const first = bytes.indexOf(BLANK);
      const second = first < 0 ? -1 : bytes.indexOf(BLANK, first + 1);
      if (second < 0) throw new RejectedError("a prefix, a name and a document expected, with blanks between them");
      const prefix = named("prefix", () => utf8(bytes.subarray(0, first)));
      const name = named("name", () => utf8(bytes.subarray(first + 1, second)));
      return { fields: { prefix, name: documentName(name) }, document: bytes.subarray(second + 1) };
    },
    wrap: ({ prefix = "", name }, document) =>
      new Uint8Array(Buffer.concat([Buffer.from(`${prefix} ${name} `), document])),
    received: new AsReceived(),
  };
}

const PAIR = 0x92;

/** Makes the wrapping of Kafka: a MessagePack list of a name and a document. */
export function packedPair(): Envelope {
  const packer = new Packer();
  return {
    open(bytes) {
      refusePickle(bytes);
      if (bytes[0] !== PAIR) throw new RejectedError("a list of a name and a document expected");
      const name = documentName(named("name", () => decodeAt(bytes, 1, bytes.length, { maxDepth: 1 })));
      return { fields: { name }, document: bytes.subarray(skip(bytes, 1)) };
    },
    wrap({ name }, document) {
      packer.reset();
      packer.arrayHeader(2);
      packer.string(name);
      return new Uint8Array(Buffer.concat([packer.finish(), document]));
    },
    received: new AsReceived(),
  };
}
