import type { Message } from "arroyojs";

/** Says at which message of which run a process is to die, and on which side of its work. */
export interface Death {
  readonly run: string;
  /** How many messages of the run, its Start included, the process has seen then. */
  readonly message: number;
  readonly when: "before" | "after";
}

/** Kills its own process with SIGKILL at one exact place: no handler, no flush, no goodbye. */
export class Executioner {
  readonly #death: Death | undefined;
  #seen = 0;

  constructor(death: Death | undefined) {
    this.#death = death;
  }

  /** Does the work of a message, and dies before or after it if it is the one. */
  around<T>(message: Message, work: () => T): T {
    const death = this.#death;
    if (death === undefined || message.run !== death.run) return work();
    this.#seen += 1;
    const isIt = this.#seen === death.message;
    if (isIt && death.when === "before") process.kill(process.pid, "SIGKILL");
    const done = work();
    if (isIt) process.kill(process.pid, "SIGKILL");
    return done;
  }
}
