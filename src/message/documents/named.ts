import { RejectedError } from "../../errors.ts";

/** Puts the name of a place before what is wrong there. */
export function named<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    throw new RejectedError(`${place}: ${error.reason}`, { cause: error.cause });
  }
}
