import { readFile } from "node:fs/promises";
import { text, UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { type DType, NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Elements, emptyLike, type FrameType, type Sentinel, sentinelOf } from "./elements.ts";
import { panelsOfGeom } from "./geom-file.ts";
import { invalidValue } from "./invalid-value.ts";
import { type ModulePlace, type Panel, panelsOf, panelsOfJson } from "./module-layout.ts";
import { type ModuleMap, moduleMap, type Stack } from "./module-map.ts";
import { checkOptions, wrongOption } from "./option-check.ts";

const SUBJECT = "Assemble";

/** Says where the modules of a detector lie. One plain object: it can stand in YAML and go to threads. */
export interface AssembleOptions {
  /** Path of a CrystFEL geometry file (`.geom`), or of a JSON file with `modules`; in place of `modules`. */
  readonly geometry?: string;
  /** The places themselves. */
  readonly modules?: readonly ModulePlace[];
  /** Which value of an integer marks a pixel as not valid, as those of gaps are: `max` (default), a number. */
  readonly sentinel?: Sentinel;
}

/** Is an image of the type that came in. */
export type AssembledFrame = Event<Data, NdArray<DType>>;

/**
 * Puts the modules of a detector together to one image: from a stack [modules, rows, columns], or from one frame whose
 * parts they are. No pixel is changed; where no module lies, the image is not valid. Where two lie, the later one counts.
 */
export class Assemble extends Operator<Message, Start | AssembledFrame | Stop> {
  readonly #options: AssembleOptions;
  #panels: readonly Panel[] | undefined;
  #map: ModuleMap | undefined;

  constructor(options: AssembleOptions) {
    super();
    checkOptions(SUBJECT, options, ["geometry", "modules", "sentinel"]);
    const { geometry, modules, sentinel = "max" } = options;
    if ((geometry === undefined) === (modules === undefined)) {
      throw new UsageError(`${SUBJECT}: expected one of geometry and modules, got ${geometry ? "both" : "neither"}`);
    }
    if (geometry !== undefined && typeof geometry !== "string") {
      throw wrongOption(SUBJECT, "geometry", "the path of a file", geometry);
    }
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
    if (modules !== undefined) this.#panels = panelsOf(SUBJECT, modules);
  }

  override async open(_signal: AbortSignal): Promise<void> {
    const { geometry } = this.#options;
    if (geometry === undefined) return;
    let contents: string;
    try {
      contents = await readFile(geometry, "utf8");
    } catch (cause) {
      throw new UsageError(
        `${SUBJECT}: ${geometry}: cannot be read (${text(cause)}); give the path of a geometry file`,
        {
          cause,
        },
      );
    }
    const subject = `${SUBJECT}: ${geometry}`;
    this.#panels = geometry.endsWith(".json") ? panelsOfJson(subject, contents) : panelsOfGeom(subject, contents);
    this.#map = undefined;
  }

  override process(message: Message): Start | AssembledFrame | Stop {
    if (message.type !== "event") return message;
    const stack = stackOf(message);
    const map = this.#mapFor(stack);
    const { dtype, data } = stack;
    const image = emptyLike(data, map.rows * map.columns);
    image.fill(invalidValue(SUBJECT, dtype, sentinelOf(dtype, this.#options.sentinel ?? "max")) as never);
    const { from, to } = map;
    for (let at = 0; at < from.length; at += 1) image[to[at] as number] = data[from[at] as number] as never;
    return message.with({ payload: new NdArray<DType>(image, [map.rows, map.columns], dtype) });
  }

  #mapFor(stack: Stack): ModuleMap {
    const known = this.#map;
    if (known?.isFor(stack)) return known;
    if (this.#panels === undefined) {
      throw new UsageError(`${SUBJECT}: the geometry was not read; a block does it, or call open before process`);
    }
    this.#map = moduleMap(SUBJECT, this.#panels, stack);
    return this.#map;
  }
}

function stackOf({ payload }: Event): Stack & { readonly dtype: FrameType; readonly data: Elements } {
  if (payload instanceof Uint8Array)
    throw new UsageError(`${SUBJECT}: expected modules, got bytes; decode them before`);
  const { dtype, shape } = payload;
  const leading = shape.slice(0, Math.max(0, shape.length - 2));
  const [modules = 1, ...others] = leading.filter((length) => length !== 1);
  if (shape.length < 2 || others.length > 0) {
    throw new UsageError(
      `${SUBJECT}: expected [modules, rows, columns] or a frame, got the shape [${shape.join(", ")}]`,
    );
  }
  if (dtype === "float16") {
    throw new UsageError(`${SUBJECT}: float16 is not supported; convert the frame to float32 before`);
  }
  const [rows, columns] = shape.slice(-2) as [number, number];
  return { dtype, data: payload.data as Elements, modules, rows, columns };
}
