import { test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { RawSource } from "../zmq/raw-source.ts";
import { Places } from "../zmq/places.ts";
test("x", async () => {
  const places = new Places();
  const source = await RawSource.open("pull", await places.free("tcp"));
  const a = new Attempt(source.make(), 5000);
  const c = a.inlet.connected.bind(a.inlet);
  a.inlet.connected = (up) => { console.log(performance.now(), "connected", up); c(up); };
  await a.ready();
  await source.send([new Event({ n: 1 }, new Uint8Array(1))]);
  await a.until(() => a.inlet.taken.length === 1, "first");
  console.log(performance.now(), "cut");
  await source.cut();
  console.log(performance.now(), "cut done");
  await a.until(() => a.inlet.connections.at(-1) === true && a.inlet.connections.includes(false), "mended");
  for (let i = 0; i < 5; i++) {
    await source.send([new Event({ n: 2 + i }, new Uint8Array(1))]);
    console.log(performance.now(), "sent");
    await new Promise((r) => setTimeout(r, 300));
    console.log(a.inlet.taken.length, a.inlet.rejections.length, a.inlet.puts);
  }
  await a[Symbol.asyncDispose]();
});
