import { fork } from "node:child_process";
import * as zmq from "zeromq";
import { Block } from "../../../src/block/block.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Event } from "../../../src/message/event.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { ZmqListener, ZmqPublisher } from "../../../src/transports/zmq/index.ts";
const [, , role, ...a] = process.argv;
const hwmOf = (size: number) => (size > 100000 ? 8 : 1000);
if (role === "src") {
  const [addr, size, n] = [a[0]!, +a[1]!, +a[2]!];
  const s = new zmq.Push({ sendHighWaterMark: hwmOf(size) }); s.connect(addr);
  const w = nativeCodec.writer({ stream: "bench" });
  const send = async (m: any) => { for (const f of w(m)) await s.send(f as Uint8Array[]); };
  await send(new Start({ scan: 1 }, { run: "bench" }));
  const p = Buffer.alloc(size, 2);
  const ev = new Event({ index: 1, exposure: 0.1, detector: "eiger", angle: 12.5, note: "x".repeat(60) }, p, { run: "bench", timeMs: Date.now(), trace: { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" } });
  const [first] = w(ev); await s.send(first as Uint8Array[]);
  const header = Buffer.from(first![0]!); 
  if (process.env.SHOW) console.log("header", header.length);
  for (let i = 1; i < n; i++) { const h = Buffer.allocUnsafe(header.length); header.copy(h); h.writeUInt32LE(i, 8); await s.send([h, p]); }
  await s.send([Buffer.from("end")]);
  s.linger = 5000; s.close();
} else if (role === "fwd") {
  const [variant, size, out] = [a[0]!, +a[1]!, a[2]!]; const hwm = hwmOf(size);
  if (variant === "bare") {
    const r = new zmq.Pull({ receiveHighWaterMark: hwm }), w = new zmq.Push({ sendHighWaterMark: hwm });
    await r.bind("tcp://127.0.0.1:*"); w.connect(out); process.send!(r.lastEndpoint);
    for (;;) { const m = await r.receive(); await w.send(m as any); if (m.length === 1) break; }
    w.linger = 5000; w.close(); r.close(); process.disconnect();
  } else {
    const extra = size > 100000 ? { maxBytes: size * 8 } : {};
    const l = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", ...extra });
    const p = new ZmqPublisher({ connect: out, socket: "push", ...extra });
    const b = new Block({ name: "fwd", listeners: [l], publishers: [p], ...(size > 100000 ? {maxBytes: size * 8}: {}) } as any);
    b.on("warning", () => {});
    await b.start(); await b.ready(); process.send!(l.endpoints[0]);
    const done = setInterval(async () => { if (b.account.rejected > 0) { clearInterval(done); const c = process.cpuUsage(); const acc = await b.stop(); if (process.env.SHOW) console.log({ ...acc, runs: acc.runs.length, hops: 0 }); process.disconnect(); } }, 20);
  }
} else {
  for (const [size, n] of JSON.parse(process.env.SIZES ?? "[[100,200000]]") as [number, number][])
    for (let round = 0; round < +(process.env.ROUNDS ?? 3); round++) {
      const out: string[] = []; let base = 0;
      for (const v of (process.env.VARIANTS ?? "bare,block").split(",")) {
        const sink = new zmq.Pull({ receiveHighWaterMark: hwmOf(size) }); await sink.bind("tcp://127.0.0.1:*");
        const f = fork(process.argv[1]!, ["fwd", v, String(size), sink.lastEndpoint!]);
        const addr = await new Promise<string>((r) => f.once("message", r as any));
        const s0 = fork(process.argv[1]!, ["src", addr, String(size), String(n)]); s0.once("exit", (c, sig) => { if (c !== 0) console.log("SRC EXIT", v, c, sig); });
        await sink.receive(); let t = performance.now(); let c = 0, last = t;
        for (;;) { const m = await sink.receive(); c++; if (c === n) { last = performance.now(); break; } if (c === Math.floor(n * 0.2)) t = performance.now(); last = performance.now(); }
        const dt = last - t; const k = c - Math.floor(n * 0.2);
        if (c !== n) console.log("LOST", v, c, n);
        const rate = k / dt; if (v === "bare") base = rate;
        out.push(`${v}: ${size > 100000 ? ((rate * size) / 1e6).toFixed(2) + " GB/s" : rate.toFixed(1) + " k/s"} ${(rate / base).toFixed(2)}`);
        (async () => { try { for (;;) await sink.receive(); } catch {} })();
        await new Promise((r) => f.once("exit", (c, sig) => { if (c !== 0) console.log("FWD EXIT", v, c, sig); r(0); })); sink.close();
      }
      console.log(size, out.join("  "));
    }
}
