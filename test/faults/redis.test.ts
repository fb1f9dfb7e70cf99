// The part of the fault matrix that is played on this broker; all of it with ARROYO_LONG.
import { faultsOf } from "./matrix.ts";
import { RedisEnds } from "./redis-ends.ts";

faultsOf("redis", () => RedisEnds.start());
