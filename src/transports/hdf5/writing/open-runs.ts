import type { RunFile } from "./run-file.ts";

/** Is a run whose file is being written. */
export interface OpenRun {
  readonly run: string | undefined;
  readonly stream: string | undefined;
  readonly file: RunFile;
  /** Where the file will be. */
  readonly path: string;
  /** False for events that came without a Start. */
  readonly hasStart: boolean;
  /** Whether a finished file of the same run is replaced, and what names the run. */
  readonly replaces: boolean;
  readonly startOrigin: string;
  /** The name of the finished file, once it has one. */
  name: string | undefined;
}

/** Finds the open run of a message: by its id, and by its stream where several have one id. */
export class OpenRuns {
  readonly #runs: OpenRun[] = [];

  get all(): readonly OpenRun[] {
    return this.#runs;
  }

  add(run: OpenRun): void {
    this.#runs.push(run);
  }

  remove(run: OpenRun): void {
    const at = this.#runs.indexOf(run);
    if (at >= 0) this.#runs.splice(at, 1);
  }

  /** Gives the run of a message; that of its stream first. */
  find(run: string | undefined, stream: string | undefined): OpenRun | undefined {
    let other: OpenRun | undefined;
    for (const open of this.#runs) {
      if (open.run !== run) continue;
      if (open.stream === stream) return open;
      other = open;
    }
    return other;
  }

  /** Gives the run that a Start begins anew: of the same id, and of no other stream. */
  same(run: string, stream: string | undefined): OpenRun | undefined {
    return this.#runs.find(
      (open) => open.run === run && (open.stream === stream || open.stream === undefined || stream === undefined),
    );
  }
}
