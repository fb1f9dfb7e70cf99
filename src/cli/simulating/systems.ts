import type { Data } from "../../message/message.ts";
import { NdArray } from "../../message/ndarray.ts";
import type { Answer, PixelType } from "./ring-images.ts";

/** Is the kind of socket at which a system is read. */
export type SystemSocket = "pub" | "push" | "rep";

/** Says what is simulated. */
export interface Scene {
  readonly shape: readonly [number, number];
  readonly dtype: PixelType;
  /** Frames of a run. */
  readonly frames: number;
  readonly rate: number;
  readonly answer: Answer;
  /** From 1 on. */
  readonly run: number;
}

/** Is one frame of a scene. */
export interface Frame {
  readonly scene: Scene;
  /** From 0 on, within the run. */
  readonly number: number;
  readonly image: NdArray;
}

/** Says how a system that is simulated differs from the others: its socket, what it says, the name of its runs. */
export interface System {
  /** The first is the one that the real system has. */
  readonly sockets: readonly [SystemSocket, ...SystemSocket[]];
  readonly dtype: PixelType;
  /** Element types that the format can carry, if not all. */
  readonly dtypes?: readonly PixelType[];
  /** Options of the codec that are not the user's. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The channels beside its array, of a system whose readers ask a dispatcher for channels. */
  readonly channels?: readonly string[];
  /** Whether runs are numbers. */
  readonly runsAreNumbers?: boolean;
  /** Where a reader finds the answer in the stream; undefined where the format has no place for it. */
  readonly answerIn?: string;
  readonly start: (scene: Scene) => Data;
  readonly event: (frame: Frame) => Data;
  /** Makes of the image what the system sends. */
  readonly payload?: (image: NdArray) => NdArray;
}

const NOTHING = (): Data => ({});
const INTEGERS: readonly PixelType[] = ["uint8", "uint16", "uint32"];
const ALL = { answerIn: "start.answer" } as const;
const NANO = 1_000_000_000;

const general = ({ shape, dtype, frames, answer }: Scene): Data => ({ shape, dtype, frames, answer });

const timepixSettings = ({ rate, scene }: { readonly rate: number; readonly scene: Scene }): Data => ({
  tdc_frequency_hz: 1000,
  t_delta_ns: 10,
  t_cycle_ns: 1_000_000,
  n_bins: BINS,
  detector_size_x: scene.shape[1],
  detector_size_y: scene.shape[0],
  flush_interval_s: 1 / rate,
  cycles_per_flush: CYCLES,
  tdc_channel: 1,
  tdc_edge: "rising",
  collapse_y: false,
  mode: "timing",
});
const BINS = 4;
const CYCLES = 1000;

/** Every system that can be simulated, by the name of its format. */
export const SYSTEMS: Readonly<Record<string, System>> = {
  native: {
    sockets: ["pub", "push"],
    dtype: "uint16",
    ...ALL,
    start: general,
    event: ({ number }) => ({ frame: number }),
  },
  json: {
    sockets: ["pub", "push"],
    dtype: "uint16",
    ...ALL,
    start: general,
    event: ({ number }) => ({ frame: number }),
  },
  "array-1.0": {
    sockets: ["pub", "push"],
    dtype: "uint16",
    answerIn: "header.answer of each event",
    start: NOTHING,
    event: ({ scene }) => ({ source: "simulator", answer: scene.answer }),
  },
  arroyopy: {
    sockets: ["pub"],
    dtype: "uint16",
    ...ALL,
    start: ({ frames, answer }) => ({ total: frames, answer }),
    event: ({ number }) => ({ frame_number: number }),
  },
  arroyosas: {
    sockets: ["pub"],
    dtype: "int32",
    ...ALL,
    start: ({ shape, dtype, answer }) => {
      return { width: shape[1], height: shape[0], data_type: dtype, tiled_url: "", answer };
    },
    event: ({ number }) => ({ frame_number: number, tiled_url: "" }),
  },
  arroyoxps: {
    sockets: ["pub"],
    dtype: "uint16",
    answerIn: "header.answer of the start",
    start: ({ shape: [rows, columns], dtype, answer }) => ({
      F_Trigger: 13,
      "F_Un-Trigger": 38,
      CCD_nx: columns,
      CCD_ny: rows,
      "Pass Energy": 200,
      "Center Energy": 3308,
      "Lens Mode": "simulated",
      Rectangle: { Left: 0, Top: 0, Right: columns, Bottom: rows, Rotation: 0 },
      data_type: { uint8: "U8", uint16: "U16", uint32: "U32", int32: "I32", float32: "Single Float" }[dtype],
      answer,
    }),
    event: NOTHING,
  },
  "bluesky-zmq": {
    sockets: ["pub"],
    dtype: "uint16",
    answerIn: "doc.answer of the start",
    start: ({ run, frames, answer }) => {
      return { plan_name: "simulate", scan_id: run, num_points: frames, detectors: ["image"], answer };
    },
    event: ({ scene, number }) => ({ motor: number / Math.max(1, scene.frames - 1) }),
  },
  bsread: {
    sockets: ["push", "pub"],
    dtype: "uint16",
    options: { channel: "SIM:FPICTURE" },
    channels: ["SIM:SUM", "SIM:CENTRE", "SIM:RADII"],
    answerIn: "the channels SIM:CENTRE and SIM:RADII",
    start: NOTHING,
    event: ({ scene, image }) => ({
      "SIM:SUM": sumOf(image),
      "SIM:CENTRE": new NdArray(Float64Array.from(scene.answer.centre)),
      "SIM:RADII": new NdArray(Float64Array.from(scene.answer.radii)),
    }),
  },
  "dectris-v1": {
    sockets: ["push"],
    dtype: "uint32",
    dtypes: INTEGERS,
    runsAreNumbers: true,
    answerIn: "appendix.answer of the start",
    start: ({ shape, dtype, frames, rate, answer }) => ({
      config: {
        beam_center_x: answer.centre[1],
        beam_center_y: answer.centre[0],
        bit_depth_image: { uint8: 8, uint16: 16 }[dtype as string] ?? 32,
        count_time: 1 / rate,
        description: "simulated",
        nimages: frames,
        ntrigger: 1,
        x_pixels_in_detector: shape[1],
        y_pixels_in_detector: shape[0],
      },
      answer,
    }),
    event: ({ scene, number }) => {
      const [begin, end] = [number, number + 1].map((at) => Math.round((at * NANO) / scene.rate));
      return { times: { start_time: begin, stop_time: end, real_time: Math.round(NANO / scene.rate) } };
    },
  },
  "dectris-v2": {
    sockets: ["push"],
    dtype: "uint32",
    dtypes: INTEGERS,
    answerIn: "user_data.answer of the start",
    start: ({ shape, dtype, frames, rate, answer }) => ({
      arm_date: new Date().toISOString(),
      beam_center_x: answer.centre[1],
      beam_center_y: answer.centre[0],
      channels: ["threshold_1"],
      count_time: 1 / rate,
      detector_description: "simulated",
      frame_time: 1 / rate,
      image_dtype: dtype,
      image_size_x: shape[1],
      image_size_y: shape[0],
      number_of_images: frames,
      pixel_size_x: 7.5e-5,
      pixel_size_y: 7.5e-5,
      user_data: { answer },
    }),
    event: ({ scene, number }) => {
      const [begin, end] = [number, number + 1].map((at) => Math.round((at * NANO) / scene.rate)) as [number, number];
      return {
        real_time: [end - begin, NANO],
        series_date: new Date().toISOString(),
        start_time: [begin, NANO],
        stop_time: [end, NANO],
        user_data: null,
      };
    },
  },
  "karabo-bridge": {
    sockets: ["rep", "pub", "push"],
    dtype: "uint16",
    options: { source: "SIM_DET/CAL/APPEND", property: "image.data" },
    answerIn: "the properties answer.centre and answer.radii",
    start: NOTHING,
    event: ({ scene }) => ({
      "answer.centre": new NdArray(Float64Array.from(scene.answer.centre)),
      "answer.radii": new NdArray(Float64Array.from(scene.answer.radii)),
    }),
  },
  odin: {
    sockets: ["pub"],
    dtype: "uint16",
    dtypes: ["uint8", "uint16", "uint32", "float32"],
    start: NOTHING,
    event: () => ({ tags: ["simulated"] }),
  },
  slsdetector: {
    sockets: ["pub"],
    dtype: "uint16",
    dtypes: INTEGERS,
    runsAreNumbers: true,
    answerIn: "header.addJsonHeader of each event",
    start: NOTHING,
    event: ({ scene, number }) => ({
      fname: "simulated",
      progress: (100 * (number + 1)) / scene.frames,
      addJsonHeader: { centre: JSON.stringify(scene.answer.centre), radii: JSON.stringify(scene.answer.radii) },
    }),
  },
  stins: {
    sockets: ["push"],
    dtype: "uint16",
    answerIn: "meta.answer of the start",
    start: ({ answer }) => ({ answer }),
    event: NOTHING,
  },
  timepix: {
    sockets: ["pub"],
    dtype: "uint32",
    dtypes: ["uint32"],
    ...ALL,
    start: (scene) => ({ ...timepixSettings({ rate: scene.rate, scene }), answer: scene.answer }),
    event: ({ scene, number }) => ({
      ...timepixSettings({ rate: scene.rate, scene }),
      cycles_in_flush: CYCLES,
      total_cycles: CYCLES * (number + 1),
    }),
    payload: timeResolved,
  },
};

function sumOf({ data }: NdArray): number {
  let sum = 0;
  for (const count of data) sum += count;
  return sum;
}

/** Deals the counts of each pixel out among the bins of time: the axes are x, y and t. */
function timeResolved({ data, shape }: NdArray): NdArray {
  const [rows, columns] = shape as readonly [number, number];
  const counts = new Uint32Array(data.length * BINS);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const count = data[y * columns + x] as number;
      const share = Math.floor(count / BINS);
      const at = (x * rows + y) * BINS;
      counts.fill(share, at, at + BINS);
      counts[at] = count - share * (BINS - 1);
    }
  }
  return new NdArray(counts, [columns, rows, BINS]) as unknown as NdArray;
}
