import { MissingPackageError } from "../../errors.ts";

/** Is the package `kafkajs`, as loaded. */
export type Kafkajs = typeof import("kafkajs");

/** Loads the package when it is first needed; `subject` begins the error where it is not installed. */
export async function loadKafkajs(subject: string): Promise<Kafkajs> {
  try {
    const loaded = await import("kafkajs");
    // A CommonJS module: which of its names are exports of their own is the loader's guess.
    return (loaded as unknown as { default?: typeof loaded }).default ?? loaded;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingPackageError("kafkajs", subject, { cause: error });
  }
}
