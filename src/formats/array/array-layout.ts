import { AsReceived } from "../../message/documents/index.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** The two spellings of the key that tells the byte order: the right one, and that of some senders. */
export const ORDER_KEYS = ["endianness", "endianess"] as const;
