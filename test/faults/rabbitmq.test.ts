// The part of the fault matrix that is played on this broker; all of it with ARROYO_LONG.
import { faultsOf } from "./matrix.ts";
import { RabbitMqEnds } from "./rabbitmq-ends.ts";

faultsOf("rabbitmq", () => RabbitMqEnds.start());
