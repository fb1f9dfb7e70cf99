#!/usr/bin/env node
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

const io = processIo(process);
process.exitCode = await main(process.argv.slice(2), io);
// A command that was left while it works would keep the process alive.
if (io.signal.aborted || io.outputClosed.aborted) process.stderr.write("", () => process.exit());
