import { MissingPackageError } from "../../errors.ts";

/** Is the package `amqplib`, as loaded. */
export type Amqplib = typeof import("amqplib");

/** Loads the package when it is first needed; `subject` begins the error where it is not installed. */
export async function loadAmqplib(subject: string): Promise<Amqplib> {
  try {
    const loaded = await import("amqplib");
    // A CommonJS module: which of its names are exports of their own is the loader's guess.
    return (loaded as unknown as { default?: Amqplib }).default ?? loaded;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingPackageError("amqplib", subject, { cause: error });
  }
}
