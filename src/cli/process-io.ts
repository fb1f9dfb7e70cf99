import type { Io } from "./io.ts";

/** A terminal and a program in between may both pass one Ctrl-C on: what comes so soon after is the same one. */
const SAME_SIGNAL_MS = 300;

/** Gives a command the real world: the streams, signals and terminal of a process. */
export function processIo(program: NodeJS.Process): Io {
  const { stdin, stdout, stderr, env } = program;
  const stop = new AbortController();
  const force = new AbortController();
  const unread = new AbortController();
  const undoings = new Set<() => void>();
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      stop.abort(signal);
    } else if (now - first > SAME_SIGNAL_MS) force.abort(signal);
  };
  const hangups = new Set<() => void>();
  const hasTerminal = stdin.isTTY === true || stdout.isTTY === true;
  program.on("SIGTERM", onSignal);
  program.on("SIGINT", onSignal);
  program.on("SIGHUP", (signal) => {
    if (hasTerminal || hangups.size === 0) onSignal(signal);
    else for (const callback of [...hangups]) callback();
  });
  const undoAll = (): void => {
    for (const undo of [...undoings].reverse()) undo();
    undoings.clear();
  };
  program.on("exit", undoAll);
  // Before Node prints the error, so that it is not printed on a screen that goes away.
  program.on("uncaughtExceptionMonitor", undoAll);
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
      if (stream === stdout) unread.abort();
    });
  }
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd: program.cwd(),
    isTerminal: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    hasColours: stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    setRawMode(isRaw) {
      if (stdin.isTTY === true) stdin.setRawMode(isRaw);
    },
    signal: stop.signal,
    forced: force.signal,
    onHangup(callback) {
      hangups.add(callback);
      return () => void hangups.delete(callback);
    },
    outputClosed: unread.signal,
    onExit(undo) {
      undoings.add(undo);
      return () => void undoings.delete(undo);
    },
  };
}
