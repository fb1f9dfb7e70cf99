import type { Row } from "../row.ts";
import { fanOut } from "./fan-out.ts";
import { forward } from "./forward.ts";
import { zmtpLatency } from "./latency.ts";
import { liveObjects } from "./live-objects.ts";
import { operators } from "./operators.ts";
import { zmtpOverload } from "./overload.ts";

/** Everything that is measured of our own engine of ZeroMQ. */
export const zmtp: readonly Row[] = [...forward, operators, liveObjects, ...fanOut, zmtpLatency, zmtpOverload];
