import { RejectedError } from "../../errors.ts";

/** Puts the name of a place before what is wrong there. */
export function named<T>(place: string, read: () => T): T {
  return prefixed(`${place}: `, read);
}

/** Puts the name of a map before the name of the field that is wrong in it. */
export function within<T>(map: string, read: () => T): T {
  return prefixed(`${map}.`, read);
}

function prefixed<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    throw new RejectedError(prefix + error.reason, { cause: error.cause });
  }
}
