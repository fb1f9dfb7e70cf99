import { AsReceived } from "../../message/documents/index.ts";

/** The fields that name a run, in the order in which they are looked for. */
export const RUN_KEYS = ["series_unique_id", "series_id"] as const;

/** Stands in `data` for the channel whose array is the payload. */
export const CBOR_MARK: { readonly $payload: "cbor" } = Object.freeze({ $payload: "cbor" });

/** Tells whether a channel is the payload's. */
export function isCborMark(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)["$payload"] === "cbor";
}

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();
