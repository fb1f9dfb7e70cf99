// The part of the fault matrix that is played on this broker; all of it with ARROYO_LONG.
import { KafkaEnds } from "./kafka-ends.ts";
import { faultsOf } from "./matrix.ts";

faultsOf("kafka", () => KafkaEnds.start());
