// The program of a thread: makes the operator and does what it is asked.
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadData } from "./protocol.ts";
import { serve } from "./serve.ts";

if (parentPort !== null) void serve(parentPort, workerData as ThreadData);
