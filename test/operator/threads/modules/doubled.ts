import { threadId } from "node:worker_threads";
import { type Event, NdArray, Operator, type Start, type Stop } from "arroyojs";

type In = Start | Event<{ n: number }, NdArray<"uint16">> | Stop;

/** Doubles each element, and says which thread did so. */
export class Doubled extends Operator<In, Start | Event<Record<string, unknown>, NdArray<"uint16">> | Stop> {
  override process(message: In) {
    if (message.type !== "event") return message;
    const { shape, data } = message.array("uint16");
    return message.with({
      metadata: { ...message.metadata, thread: threadId },
      payload: new NdArray(
        data.map((one) => one * 2),
        shape,
      ),
    });
  }
}
