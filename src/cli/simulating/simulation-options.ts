import { codecOptions } from "../../config/options/codecs.ts";
import { UsageError } from "../../errors.ts";
import { insteadOf } from "../../options/nearest.ts";
import type { Args } from "../args.ts";
import { jsonOption } from "../decoding/json-option.ts";
import type { PixelType } from "./ring-images.ts";
import { SYSTEMS, type System, type SystemSocket } from "./systems.ts";

/** Where readers connect to unless something else is said. */
export const URL: string = "tcp://127.0.0.1:5555";
/** Rows and columns unless something else is said. */
export const SHAPE: string = "512,512";
/** The types of pixels that there are. */
export const PIXELS: readonly PixelType[] = ["uint8", "uint16", "uint32", "int32", "float32"];
/** The kinds of sockets that there are. */
export const SOCKETS: readonly SystemSocket[] = ["pub", "push", "rep"];

const MAX_PIXELS = 64 * 1024 * 1024;

/** Gives the system of a format that has a socket. */
export function systemOf(format: string): System {
  const system = Object.hasOwn(SYSTEMS, format) ? SYSTEMS[format] : undefined;
  if (system !== undefined) return system;
  const others = ["bluesky-kafka", "ess"];
  if (others.includes(format)) {
    throw new UsageError(`simulate: ${format} has no socket, it travels over Kafka; there are: ${names()}`);
  }
  throw new UsageError(`simulate: there is no format "${format}"; ${insteadOf(format, Object.keys(SYSTEMS))}`);
}

function names(): string {
  return Object.keys(SYSTEMS).join(", ");
}

/** Gives the kind of socket that is asked for, or that of the real system. */
export function socketOf(args: Args, format: string, { sockets }: System): SystemSocket {
  const given = args.text("socket") as SystemSocket | undefined;
  if (given === undefined || sockets.includes(given)) return given ?? sockets[0];
  throw new UsageError(`--socket: ${format} is not sent over ${given}; there are: ${sockets.join(", ")}`);
}

/** Says what is to be seen in the images, and how many there are. */
export interface SceneOptions {
  readonly shape: readonly [number, number];
  readonly dtype: PixelType;
  readonly frames: number;
  readonly rate: number;
  readonly seed: number;
}

/** Gives what is to be seen in the images, and how many there are. */
export function sceneOf(args: Args, format: string, system: System): SceneOptions {
  const text = args.text("shape") ?? SHAPE;
  const [, rows, columns] = /^(\d{1,5})[,x](\d{1,5})$/.exec(text) ?? [];
  const shape = [Number(rows), Number(columns)] as const;
  if (rows === undefined || shape[0] < 1 || shape[1] < 1 || shape[0] * shape[1] > MAX_PIXELS) {
    throw new UsageError(`--shape: expected rows and columns as ${SHAPE}, at most ${MAX_PIXELS} pixels, got "${text}"`);
  }
  const dtype = (args.text("dtype") as PixelType | undefined) ?? system.dtype;
  const { dtypes = PIXELS } = system;
  if (!dtypes.includes(dtype)) {
    throw new UsageError(`--dtype: ${format} is simulated with ${dtypes.join(", ")}, not with ${dtype}`);
  }
  return {
    shape,
    dtype,
    frames: args.number("frames", { min: 1, integer: true }) ?? 100,
    rate: args.number("rate", { min: 1e-3, max: 1e6 }) ?? 10,
    seed: args.number("seed", { min: 0, max: 2 ** 31 - 1, integer: true }) ?? 1,
  };
}

/** Gives the options of the codec. */
export function optionsOf(args: Args, format: string, { options }: System): Readonly<Record<string, unknown>> {
  const known = Object.keys(codecOptions(format) ?? {});
  const given = jsonOption(args, "options") ?? {};
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new UsageError(`--options: ${format} has no "${key}"; ${insteadOf(key, known)}`);
  }
  const asked = args.text("compression");
  if (asked === undefined || (asked === "none" && !known.includes("compression"))) return { ...options, ...given };
  if (!known.includes("compression")) {
    throw new UsageError(`--compression: ${format} has none; leave it out`);
  }
  const compression = format === "bsread" && asked === "bslz4" ? "bitshuffle_lz4" : asked;
  return { ...options, ...given, compression };
}

/** Gives the port of the dispatcher that is asked for, and its channels; undefined where there shall be none. */
export function dispatchingOf(
  args: Args,
  format: string,
  { channels, options: own }: System,
  { channel }: Readonly<Record<string, unknown>>,
): { readonly port: number; readonly channels: readonly string[] } | undefined {
  const port = args.number("dispatcher", { min: 0, max: 65_535, integer: true });
  if (port === undefined) return undefined;
  if (channels === undefined) throw new UsageError(`--dispatcher: ${format} has none; leave it out`);
  return { port, channels: [String(channel ?? own?.["channel"]), ...channels] };
}

/** Gives the place where readers are met, and whether they are waited for. */
export function endOf(
  args: Args,
  socket: SystemSocket,
): { readonly end: { readonly url: string; readonly binds: boolean }; readonly waits: boolean } {
  const [bind, connect] = [args.text("bind"), args.text("connect")];
  if (bind !== undefined && connect !== undefined) {
    throw new UsageError("simulate: --bind and --connect exclude each other; leave one out");
  }
  if (args.flag("no-wait") && socket !== "pub") {
    throw new UsageError(`--no-wait: a ${socket} always waits for its readers; leave it out`);
  }
  return { end: { url: connect ?? bind ?? URL, binds: connect === undefined }, waits: !args.flag("no-wait") };
}
