import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "./broker.ts";
import { freePorts } from "./free-port.ts";
import { PrivateBroker, type Recipe } from "./private-broker.ts";

const ATTEMPTS = 3;

/** Prepares a folder with free ports for a broker and says how it is run. */
export type Prepare = (folder: string, ports: readonly number[]) => Promise<Recipe>;

/** Starts a broker of our own; where that fails nothing of it stays. */
export async function startPrivate(kind: string, ports: number, prepare: Prepare): Promise<Broker> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), `arroyo-${kind}-`));
    const broker = new PrivateBroker(await prepare(folder, await freePorts(ports)));
    try {
      await broker.start();
      return broker;
    } catch (error) {
      // Between our look and its start another program may have taken the port.
      const taken = /in use|eaddrinuse/i.test(broker.log());
      await broker[Symbol.asyncDispose]();
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}
