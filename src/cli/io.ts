import type { Readable, Writable } from "node:stream";

/** Holds all that a command has to do with the world outside; a test hands in its own. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Which of the streams are terminals. */
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Whether standard output may have colours: a terminal, and no NO_COLOR. */
  readonly hasColours: boolean;
  /** The size of the terminal now; 80 by 24 where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  /** Switches the terminal's keyboard to single keys and back; does nothing where there is no terminal. */
  setRawMode(isRaw: boolean): void;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Aborts at the second one: leave at once. */
  readonly forced: AbortSignal;
  /**
   * Calls back at each SIGHUP of a process without a terminal, until taken back. Where nobody asked for it, and where
   * there is a terminal, which has gone then, SIGHUP is as SIGTERM.
   */
  onHangup(callback: () => void): () => void;
  /** Aborts when nobody reads standard output any more. */
  readonly outputClosed: AbortSignal;
  /** Registers what must be undone before the process ends, whatever ends it; gives the way to take it back. */
  onExit(undo: () => void): () => void;
}

/** Writes a line to standard output; resolves when there is room for more. */
export async function print(io: Io, line: string): Promise<void> {
  await written(io.stdout, `${line}\n`);
}

/** Writes a text as it is and waits until it has left, or until nobody reads any more. */
export async function written(stream: Writable, text: string | Uint8Array): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  // An error of the stream is told by its "error" event, to whoever made it.
  await new Promise<void>((resolve) => {
    stream.write(text, () => resolve());
  });
}
