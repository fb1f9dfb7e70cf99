// A block that reads whatever anybody pushes to it, and counts beside the platform. Run with --expose-gc.
import { setImmediate } from "node:timers/promises";
import { type Account, Block, type Codec, type Message, NdArray, RejectedError, run } from "arroyojs";
import { ZmqListener } from "arroyojs/zmq";
import { say, sayLast, takeOrders } from "../../process/programs/speech.ts";
import { CODECS, GOOD } from "./agreed.ts";

/** What the reader is told. */
export type ReaderOrder = { readonly do: "measure" } | { readonly do: "stop" };

/** Counts what came out of the codec, and of looking into messages. */
export interface Decodings {
  wire: number;
  refused: number;
  messages: number;
  control: number;
  refusedLater: number;
}

/** What the reader says. */
export type ReaderWord =
  | { readonly say: "good"; readonly number: number }
  | { readonly say: "memory"; readonly bytes: number }
  | { readonly say: "end"; readonly account: Account; readonly decodings: Decodings };

const decodings: Decodings = { wire: 0, refused: 0, messages: 0, control: 0, refusedLater: 0 };

/** Counts what a codec does. */
function counted(codec: Codec): Codec {
  return {
    ...codec,
    reader(limits) {
      const read = codec.reader(limits);
      return (frames) => {
        decodings.wire += 1;
        try {
          const decoded = read(frames);
          decodings.messages += decoded.length;
          for (const { control } of decoded) if (control === true) decodings.control += 1;
          return decoded;
        } catch (error) {
          if (!(error instanceof RejectedError)) throw error;
          decodings.refused += 1;
          throw error;
        }
      };
    },
  };
}

/** Touches all of a message, since much is decoded only then. */
function look(message: Message): void {
  try {
    touch(message);
  } catch (error) {
    if (error instanceof RejectedError) decodings.refusedLater += 1;
    throw error;
  }
}

function touch(message: Message): void {
  if (message.type !== "event") {
    void Object.keys(message.data);
    return;
  }
  void Object.keys(message.metadata);
  void message.envelope.headers;
  const { payload } = message;
  const view = payload instanceof NdArray ? payload.data : payload;
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (bytes.length === 4 && bytes.readUInt16LE(0) === GOOD) say({ say: "good", number: bytes.readUInt16LE(2) });
}

const [name = "", address = ""] = process.argv.slice(2);
const block = new Block({
  name: "reader",
  listeners: [new ZmqListener({ socket: "pull", connect: address, codec: counted(CODECS[name] as Codec) })],
  operator: look,
});
takeOrders((order: ReaderOrder) => {
  if (order.do === "stop") void block.stop();
  else void measure();
});

/** What is not in use any more is given back in the background after a collection, and counts until then. */
async function measure(): Promise<void> {
  let bytes = Number.POSITIVE_INFINITY;
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc?.();
    await setImmediate();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    bytes = Math.min(bytes, heapUsed + arrayBuffers);
  }
  say({ say: "memory", bytes });
}

await run(block);
sayLast({ say: "end", account: block.account, decodings });
