import { PassThrough, Writable } from "node:stream";
import type { Io } from "../../src/cli/io.ts";

/** Is the world of a command, held by a test. */
export interface TestIo extends Io {
  readonly stdin: PassThrough;
  readonly out: Captured;
  readonly err: Captured;
  /** Ends the command as the first signal does. */
  stop(): void;
  /** Ends it as the second one does. */
  force(): void;
  /** Sends a SIGHUP. */
  hangUp(): void;
  /** Closes the other end of standard output. */
  closeOutput(): void;
}

/** Keeps what is written, and wakes whoever waits for it. */
export class Captured extends Writable {
  text = "";
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const look of [...this.#waiting]) look();
    done();
  }

  /** Resolves when a pattern was written. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = pattern.exec(this.text);
        if (found === null) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  get lines(): string[] {
    return this.text.split("\n").filter((line) => line !== "");
  }
}

/** Makes a world for one command. */
export function testIo(over: Partial<Io> = {}): TestIo {
  const [out, err] = [new Captured(), new Captured()];
  const hangups = new Set<() => void>();
  const [stop, force, closed] = [new AbortController(), new AbortController(), new AbortController()];
  return {
    stdin: new PassThrough(),
    stdout: out,
    stderr: err,
    out,
    err,
    env: {},
    cwd: process.cwd(),
    isTerminal: { stdin: false, stdout: false, stderr: false },
    hasColours: false,
    size: () => ({ columns: 100, rows: 30 }),
    setRawMode: () => undefined,
    signal: stop.signal,
    forced: force.signal,
    onHangup(callback: () => void) {
      hangups.add(callback);
      return () => void hangups.delete(callback);
    },
    hangUp() {
      for (const callback of [...hangups]) callback();
    },
    outputClosed: closed.signal,
    onExit: () => () => undefined,
    stop: () => stop.abort("SIGTERM"),
    force: () => force.abort("SIGTERM"),
    closeOutput: () => closed.abort(),
    ...over,
  } as TestIo;
}
