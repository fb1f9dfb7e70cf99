import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../src/testing/brokers/free-port.ts";

export type Transport = "tcp" | "ipc" | "inproc";

let made = 0;

/** Gives addresses of its own to a test: free ports, paths in a private folder, names that nobody else has. */
export class Places implements AsyncDisposable {
  #folder: string | undefined;

  /** An address that nobody uses. */
  async free(transport: Transport = "tcp"): Promise<string> {
    made += 1;
    if (transport === "tcp") return `tcp://127.0.0.1:${(await freePorts(1))[0]}`;
    if (transport === "inproc") return `inproc://place-${process.pid}-${made}`;
    return `ipc://${join(this.#ownFolder(), String(made))}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #ownFolder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "arroyo-zmq-"));
    return this.#folder;
  }
}
