import { createHash } from "node:crypto";
import { type DType, Event, type Message, NdArray, Start, Stop } from "arroyojs";
import { bytesOf, viewBytes } from "../../src/message/ndarray.ts";

/** Says of an image what the scripts of the peers print: run, number, element type, shape and a digest of its bytes. */
export type Seen = readonly [run: string, number: number, dtype: string, shape: readonly number[], sha256: string];

const TYPES = ["uint16", "int32", "float32", "float64", "uint8"] as const;
const SHAPE = [5, 7];

/**
 * Makes runs of images of many element types, as a listener would bring them. `complete` says that they have all fields
 * that the peers insist on; else their codec has to see to it.
 */
export function framesOf(runs: number, images: number, complete: boolean): readonly Message[] {
  return Array.from({ length: runs }, (_, index) => runOf(`run-${index}`, images, complete)).flat();
}

/** Says what there is to see in messages, as the scripts do. */
export function seenIn(messages: readonly Message[]): readonly Seen[] {
  const counts = new Map<string, number>();
  return messages.flatMap((message): Seen[] => {
    if (message.type !== "event") return [];
    const run = message.run as string;
    const index = counts.get(run) ?? 0;
    counts.set(run, index + 1);
    const payload = message.payload as NdArray<DType>;
    const sha256 = createHash("sha256").update(bytesOf(payload)).digest("hex");
    return [
      [run, (message.field("frame_number") as number | undefined) ?? index, payload.dtype, payload.shape, sha256],
    ];
  });
}

function runOf(run: string, images: number, complete: boolean): readonly Message[] {
  const start = new Start({ run_name: run, width: 7, height: 5, data_type: "mixed", tiled_url: "" }, { run });
  const events = Array.from({ length: images }, (_, number) => {
    return new Event(complete ? { frame_number: number, tiled_url: "" } : { note: "µ" }, imageOf(number), { run });
  });
  return [start, ...events, new Stop(complete ? { num_frames: images } : {}, { run })];
}

function imageOf(number: number): NdArray<DType> {
  const dtype = TYPES[number % TYPES.length] as (typeof TYPES)[number];
  const bytes = new Uint8Array(35 * 8).map((_, at) => (at * 31 + number) % 251);
  const image = new NdArray(viewBytes(dtype, bytes.subarray(0, 35 * itemSize(dtype))), SHAPE);
  return image as unknown as NdArray<DType>;
}

function itemSize(dtype: (typeof TYPES)[number]): number {
  return { uint16: 2, int32: 4, float32: 4, float64: 8, uint8: 1 }[dtype];
}
