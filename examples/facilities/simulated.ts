import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyMessage, type Inlet, Listener } from "arroyojs";

/** Stands for a system of a facility: brings messages that were made beforehand. */
export class Simulated<M extends AnyMessage> extends Listener<M> {
  readonly #messages: Iterable<M>;

  constructor(messages: Iterable<M>) {
    super();
    this.#messages = messages;
  }

  override async start(inlet: Inlet<M>): Promise<void> {
    inlet.ready();
    for (const message of this.#messages) await inlet.put(message);
  }
}

/** Gives a place to meet for the two ends of an example, while it runs. */
export async function atAddress(use: (address: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
  try {
    await use(`ipc://${folder}/stream`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Gives numbers from 0 to 1, always the same ones for a seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
