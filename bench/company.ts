import { Program } from "./program.ts";

/** Holds programs that run together, and ends those that are left with itself, the last one first. */
export class Company implements AsyncDisposable {
  readonly #programs: Program[] = [];

  begin(name: string, options: object = {}): Program {
    const program = new Program(name, options);
    this.#programs.push(program);
    return program;
  }

  /** Tells every program to end, and waits for that. */
  async end(): Promise<void> {
    for (const program of this.#programs) program.tell("end");
    await Promise.all(this.#programs.map(({ ended }) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs.toReversed()) await program[Symbol.asyncDispose]();
  }
}
