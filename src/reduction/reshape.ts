import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { type DType, NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { type Elements, emptyLike, type Frame, frameOf } from "./elements.ts";
import { checkOptions, wrongOption } from "./option-check.ts";
import { type Window, windowIn, windowOf } from "./window.ts";

/** Is a frame of the type that came in. */
export type ReshapedFrame = Event<Data, NdArray<DType>>;

/** Cuts a window out of each frame; pixels and their type stay as they are. */
export class Crop extends Operator<Message, Start | ReshapedFrame | Stop> {
  readonly #window: Window;

  constructor(options: Window) {
    super();
    this.#window = windowOf("Crop", options);
  }

  override process(message: Message): Start | ReshapedFrame | Stop {
    if (message.type !== "event") return message;
    const frame = frameOf("Crop", message);
    windowIn("Crop", this.#window, frame);
    const { rows, columns } = this.#window;
    const width = columns[1] - columns[0];
    const data = emptyLike(frame.data, (rows[1] - rows[0]) * width);
    for (let row = rows[0]; row < rows[1]; row += 1) {
      const from = row * frame.columns + columns[0];
      data.set(frame.data.subarray(from, from + width) as never, (row - rows[0]) * width);
    }
    return message.with({ payload: arrayLike(frame, data, [rows[1] - rows[0], width]) });
  }
}

/** Turns each frame by quarters, against the clock, as numpy's `rot90` does; pixels and their type stay as they are. */
export class Rotate extends Operator<Message, Start | ReshapedFrame | Stop> {
  readonly #quarters: number;

  constructor(options: { readonly quarters: number }) {
    super();
    checkOptions("Rotate", options, ["quarters"]);
    if (!Number.isSafeInteger(options.quarters)) {
      throw wrongOption("Rotate", "quarters", "a whole number", options.quarters);
    }
    this.#quarters = ((options.quarters % 4) + 4) % 4;
  }

  override process(message: Message): Start | ReshapedFrame | Stop {
    if (message.type !== "event" || this.#quarters === 0) return message as Start | ReshapedFrame | Stop;
    const frame = frameOf("Rotate", message);
    const { rows, columns } = frame;
    const data = emptyLike(frame.data, rows * columns);
    // Where the first pixel goes, and how far the next in its row and the next in its column are from there.
    const [first, along, down] = (
      [
        [0, 1, columns],
        [(columns - 1) * rows, -rows, 1],
        [rows * columns - 1, -1, -columns],
        [rows - 1, rows, -1],
      ] as const
    )[this.#quarters as 1 | 2 | 3];
    for (let row = 0, pixel = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1, pixel += 1) {
        data[first + column * along + row * down] = frame.data[pixel] as never;
      }
    }
    const shape = this.#quarters === 2 ? [rows, columns] : [columns, rows];
    return message.with({ payload: arrayLike(frame, data, shape) });
  }
}

function arrayLike({ dtype }: Frame, data: Elements, shape: readonly number[]): NdArray<DType> {
  return new NdArray<DType>(data, shape, dtype);
}
