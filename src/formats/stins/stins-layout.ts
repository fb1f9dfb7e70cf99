import { AsReceived } from "../../message/documents/index.ts";
import type { DType, NdArray } from "../../message/ndarray.ts";

/** The field of a header that names the run: written here, and read where a sender has it. */
export const RUN_KEYS = ["run_id"] as const;

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** How the payloads that were read are compressed. */
export const COMPRESSIONS: WeakMap<NdArray<DType>, string> = new WeakMap();
