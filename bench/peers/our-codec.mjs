// Our side of arroyosas-codec.ts, of the built package as a user has it: `our-codec.mjs COUNT`. The first line on standard
// input is a message in base64; for each other line it decodes the message COUNT times and encodes as many events, and
// prints how many nanoseconds one took both ways.
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { DEFAULT_LIMITS } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";

const count = Number(process.argv[2]);
let message;
for await (const line of createInterface({ input: process.stdin })) {
  // Bytes of their own, as a socket gives them.
  if (message === undefined) message = new Uint8Array(Buffer.from(JSON.parse(line), "base64"));
  else process.stdout.write(`${JSON.stringify(times(message))}\n`);
}

/** Touches every array, and makes every event anew: what a writer has read itself it need not write again. */
function times(bytes) {
  const read = arroyosasCodec.reader(DEFAULT_LIMITS);
  const write = arroyosasCodec.writer();
  const frames = [bytes];
  const event = read(frames)[0].message;
  let elements = 0;
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) elements += read(frames)[0].message.payload.data.length;
  const between = performance.now();
  let written;
  for (let index = 0; index < count; index += 1) {
    written = write(event.with({ metadata: { ...event.metadata } }))[0];
  }
  const ended = performance.now();
  assert.equal(elements, count * event.payload.data.length);
  assert.equal(Buffer.compare(written[0], bytes), 0, "what was written is not what was read");
  return { decode: ((between - begun) * 1e6) / count, encode: ((ended - between) * 1e6) / count };
}
