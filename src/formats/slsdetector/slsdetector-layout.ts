import { AsReceived } from "../../message/documents/index.ts";
import type { DType } from "../../message/ndarray.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** Element types by the bits of a pixel; 12 bits travel in 16. */
export const PIXELS: ReadonlyMap<unknown, DType> = new Map([
  [8, "uint8"],
  [12, "uint16"],
  [16, "uint16"],
  [32, "uint32"],
]);
