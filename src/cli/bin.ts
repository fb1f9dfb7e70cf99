#!/usr/bin/env node
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

/** How long connections may take to end by themselves. */
const GRACE_MS = 1_000;

const io = processIo(process);
process.exitCode = await main(process.argv.slice(2), io);
// All is done and printed: what a client library still waits for keeps the process no longer.
setTimeout(() => process.exit(), GRACE_MS).unref();
// A command that was left while it works would keep the process alive.
if (io.signal.aborted || io.outputClosed.aborted) process.stderr.write("", () => process.exit());
