// Writes numbered events until it is killed, and says which are confirmed.
import { Event } from "../../../../src/message/event.ts";
import { NdArray } from "../../../../src/message/ndarray.ts";
import { Start } from "../../../../src/message/start.ts";
import { Hdf5Publisher } from "../../../../src/transports/hdf5/writing/hdf5-publisher.ts";

const [path = ""] = process.argv.slice(2);
const publisher = new Hdf5Publisher({ path, sync: "message" });
await publisher.open(new AbortController().signal);
const run = "killed";
await publisher.publish(new Start({}, { run }));
for (let number = 0; ; number += 1) {
  const payload =
    number % 3 === 0
      ? new Uint8Array(number % 5_000).fill(number % 251)
      : new NdArray(new Float64Array(900).fill(number));
  await publisher.publish(new Event({ number, text: `n${number}` }, payload, { run }));
  process.send?.({ confirmed: number });
}
