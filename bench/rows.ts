import { amqp } from "./amqp.ts";
import { capture } from "./capture.ts";
import { compression } from "./compression.ts";
import { formats } from "./formats.ts";
import { kafkaForward, kafkaRestart } from "./kafka.ts";
import { redis } from "./redis.ts";
import { reduction } from "./reduction.ts";
import { reductionKernels } from "./reduction-kernels.ts";
import type { Row } from "./row.ts";
import { latency } from "./rows/latency.ts";
import { memory } from "./rows/memory.ts";
import { msgpack } from "./rows/msgpack.ts";
import { nativeCodec } from "./rows/native-codec.ts";
import { overload } from "./rows/overload.ts";
import { sigterm } from "./rows/sigterm.ts";
import { start } from "./rows/start.ts";
import { zmqForward } from "./rows/zmq-forward.ts";
import { threads } from "./threads.ts";
import { websocket } from "./websocket.ts";
import { wireToCurve } from "./wire-to-curve.ts";
import { zmtp } from "./zmtp/rows.ts";

/** Everything that is measured, in the order of the page. */
export const rows: readonly Row[] = [
  memory,
  ...zmqForward,
  ...zmtp,
  latency,
  start,
  overload,
  sigterm,
  nativeCodec,
  msgpack,
  compression,
  formats,
  reduction,
  reductionKernels,
  threads,
  wireToCurve,
  capture,
  websocket,
  ...redis,
  ...kafkaForward,
  kafkaRestart,
  ...amqp,
];
