import type { Codec, Event, NdArray, Start, Stop } from "arroyojs";
import { nativeCodec } from "arroyojs";
import { dectrisV2Codec } from "arroyojs/formats/dectris";
import type { Curve } from "arroyojs/reduction";

/** Rows and columns of a frame. */
export const SIZE = 512;

/** What the detector says when a scan starts. */
export interface Scan extends Record<string, unknown> {
  readonly size: number;
  readonly frames: number;
}

/** What comes with each frame. */
export interface Frame extends Record<string, unknown> {
  readonly frame: number;
}

export type In = Start<Scan> | Event<Frame, NdArray<"uint16">> | Stop;
export type Out = Start | Curve | Stop;

/** How frames travel: the codec, and the kind of socket with which such a detector sends. */
export interface Format {
  readonly codec: Codec;
  readonly sends: "pub" | "push";
  readonly listens: "sub" | "pull";
}

/** What `--format` may say. */
export const FORMATS: Readonly<Record<string, Format>> = {
  native: { codec: nativeCodec, sends: "pub", listens: "sub" },
  "dectris-v2": { codec: dectrisV2Codec, sends: "push", listens: "pull" },
};
