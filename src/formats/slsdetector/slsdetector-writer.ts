import { UsageError } from "../../errors.ts";
import type { Writer } from "../../message/codec.ts";
import { arrayOf, type Document, fieldsOf, RunsWritten } from "../../message/documents/index.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf } from "../../message/ndarray.ts";
import { PIXELS, RECEIVED } from "./slsdetector-layout.ts";

/** Acquisitions whose numbers are remembered; the oldest is forgotten first. */
const MOST = 64;

/** What stands in a header where nothing better is known, in the order of the senders. */
const DEFAULTS: Document = Object.freeze({ detshape: [1, 1], acqIndex: 0, progress: 0, fname: "", completeImage: 1 });
const PLACE: Document = Object.freeze({ modId: 0, row: 0, column: 0, flipRows: 0, quad: 0, rx_roi: [-1, -1, -1, -1] });

/** Makes a writer of the stream of one port; an acquisition begins with its first image. */
export function slsDetectorWriter(): Writer {
  const numbers = new RunsWritten(0);
  const acquisitions = new AcquisitionNumbers();
  return (message: AnyMessage) => {
    if (message.type === "start") return [];
    const isEvent = message.type === "event";
    const name = isEvent ? "event.metadata.header" : "stop.data.header";
    const content: unknown = isEvent ? message.metadata : message.data;
    const { header: given, complete: _, ...others } = fieldsOf(content, isEvent ? "event.metadata" : "stop.data");
    const own = given === undefined ? {} : fieldsOf(given, name);
    const fileIndex = acquisitions.of(message.run ?? "", own["fileIndex"]);
    const received = RECEIVED.framesOf(message);
    if (!isEvent) {
      numbers.end(message.run);
      return [
        received ?? [
          line({ ...claimOf(fileIndex, 0, 0), ...others, ...own, shape: [0, 0], size: 0, data: 0, fileIndex }, name),
        ],
      ];
    }
    const frame = numbers.number(message.run, own["frameIndex"]);
    if (received !== undefined) return [received];
    const { dtype, shape } = arrayOf(message.payload);
    const bitmode = [...PIXELS].findLast(([, type]) => type === dtype)?.[0];
    if (bitmode === undefined || shape.length !== 2) {
      throw new UsageError(
        `slsDetector: an array of ${dtype} with ${shape.length} dimensions cannot be sent; make it uint8, uint16 or uint32 with two`,
      );
    }
    const bytes = bytesOf(arrayOf(message.payload));
    const fits = PIXELS.get(own["bitmode"]) === dtype;
    const claim = {
      bitmode: fits ? own["bitmode"] : bitmode,
      fileIndex,
      shape: shape.toReversed(),
      size: bytes.length,
      frameIndex: frame,
      data: 1,
    };
    const made = given === undefined ? { ...claimOf(fileIndex, frame, 1), ...others } : others;
    return [[line({ jsonversion: 5, ...made, ...own, ...claim }, name), bytes]];
  };
}

function claimOf(fileIndex: number | bigint, frame: number, data: 0 | 1): Document {
  const counts = { frameIndex: frame, ...DEFAULTS, data, frameNumber: frame, expLength: 0, packetNumber: 0 };
  return { jsonversion: 5, bitmode: 16, fileIndex, shape: [0, 0], size: 0, ...counts, timestamp: 0, ...PLACE };
}

/** Headers end with a line feed. */
function line(header: Document, name: string): Uint8Array {
  return new Uint8Array(Buffer.concat([exactJson(header, name), Buffer.from("\n")]));
}

/** Gives acquisitions their numbers: their own, or their name where it is one, or the next. */
class AcquisitionNumbers {
  readonly #known = new Map<string, number | bigint>();
  #last = 0;

  of(run: string, own: unknown): number | bigint {
    const number = isNumber(own) ? own : (this.#known.get(run) ?? this.#made(run));
    this.#known.delete(run);
    this.#known.set(run, number);
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value as string);
    return number;
  }

  #made(run: string): number {
    const number = /^(?:0|[1-9]\d{0,14})$/.test(run) ? Number(run) : this.#last + 1;
    this.#last = Math.max(this.#last, number);
    return number;
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (Number.isSafeInteger(value) && (value as number) >= 0);
}
