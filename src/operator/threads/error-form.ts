import { ArroyoError, type Code, RejectedError } from "../../errors.ts";

/** Is an error as it goes to another thread. */
export interface ErrorForm {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly retryable?: boolean;
  /** Of a message that was rejected. */
  readonly reason?: string;
  readonly cause?: ErrorForm;
}

const MAX_CAUSES = 8;

/** Makes a form of anything that was thrown. */
export function errorForm(thrown: unknown, depth = 0): ErrorForm {
  if (!(thrown instanceof Error)) return { name: "Error", message: shown(thrown) };
  const { name, message, stack, cause } = thrown;
  const { code, retryable } = thrown as { code?: unknown; retryable?: unknown };
  return {
    name: String(name),
    message: String(message),
    ...(typeof stack === "string" && { stack }),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(typeof retryable === "boolean" && { retryable }),
    ...(thrown instanceof RejectedError && { reason: thrown.reason }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: errorForm(cause, depth + 1) }),
  };
}

/** Makes an error of a form; it has the name, the message and the stack that it had in its thread. */
export function errorOf(form: ErrorForm): Error {
  const { name, message, stack, code, retryable, reason } = form;
  const cause = form.cause === undefined ? {} : { cause: errorOf(form.cause) };
  const error = reason === undefined ? bare(message, form, cause) : new RejectedError(reason, cause);
  const own = { name, ...(stack !== undefined && { stack }) };
  for (const [key, value] of Object.entries(own)) define(error, key, value, false);
  if (error instanceof ArroyoError) return error;
  if (code !== undefined) define(error, "code", code, true);
  if (retryable !== undefined) define(error, "retryable", retryable, true);
  return error;
}

/** Errors of this package keep what programs test them for. */
function bare(message: string, { name, code, retryable }: ErrorForm, cause: { readonly cause?: unknown }): Error {
  const isOurs = typeof code === "string" && retryable !== undefined && name.endsWith("Error");
  return isOurs ? new ArroyoError(code as Code, message, { ...cause, retryable }) : new Error(message, cause);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

function shown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that cannot be shown was thrown";
  }
}
