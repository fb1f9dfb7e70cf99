import { availableParallelism, cpus, platform, totalmem } from "node:os";
import { type Counted, measure } from "../benching/measurement.ts";
import type { Command } from "../command.ts";
import { bytes, duration, short } from "../drawing/quantity.ts";
import { tableLines } from "../drawing/table.ts";
import { print, written } from "../io.ts";

const SIZES = [100, 10_000, 1_000_000] as const;
const SECONDS = 3;
const WARM_UP = 0.5;
const LATENCY = { bytes: 10_000, rate: 1000 } as const;

type Middle = "block" | "bare";

interface Row {
  readonly what: "throughput" | "latency";
  readonly bytes: number;
  readonly block: Counted;
  readonly bare: Counted | undefined;
}

/** Measures what this machine can do. */
export const command: Command = {
  usage: "[options]",
  about: [
    "Three processes of this machine in a row, over ZeroMQ and tcp: one sends, one passes on, one counts and checks",
    "that every message comes, in order. The middle one is a block, and beside it a loop over the bare client:",
    "for (;;) await push.send(await pull.receive()), with the package zeromq where it is installed.",
    "Other work on the machine shows in the numbers; run it on a quiet one.",
  ].join("\n"),
  examples: [
    { line: "arroyo bench", does: "rates at three sizes, and latency" },
    { line: "arroyo bench --size 8000000 --seconds 10", does: "at the size of your frames" },
  ],
  options: {
    size: {
      type: "string",
      multiple: true,
      value: "BYTES",
      description: `the size of a message; default ${SIZES.join(", ")}`,
    },
    seconds: { type: "string", value: "N", description: `how long each measurement takes; default ${SECONDS}` },
    json: { type: "boolean", description: "print the results as JSON" },
  },
  async run(args, io) {
    const forMs = (args.number("seconds", { min: 0.1, max: 600 }) ?? SECONDS) * 1000;
    const warmUpMs = Math.min(forMs, forMs * WARM_UP);
    const given = args.list("size").length > 0;
    const sizes = given ? args.numbers("size", { min: 16, max: 100_000_000, integer: true }) : SIZES;
    const hasBare = await isInstalled();
    const rows: Row[] = [];
    const turn = async (what: Row["what"], size: number, rate: number | undefined): Promise<void> => {
      const one = async (middle: Middle): Promise<Counted> => {
        if (!args.flag("quiet")) await written(io.stderr, `arroyo: bench: ${what}, ${bytes(size)}, ${middle}\n`);
        return await measure({ middle, bytes: size, rate, warmUpMs, forMs }, io.signal);
      };
      rows.push({ what, bytes: size, block: await one("block"), bare: hasBare ? await one("bare") : undefined });
    };
    for (const size of sizes) await turn("throughput", size, undefined);
    await turn("latency", LATENCY.bytes, LATENCY.rate);
    const wrong = rows.reduce((sum, { block, bare }) => sum + block.wrong + (bare?.wrong ?? 0), 0);
    if (args.flag("json")) await print(io, JSON.stringify({ machine: machine(), rows }));
    else for (const line of text(rows, hasBare)) await print(io, line);
    if (wrong > 0) await written(io.stderr, `arroyo: bench: ${wrong} messages came wrong; the numbers mean nothing\n`);
    return wrong > 0 ? 1 : 0;
  },
};

function text(rows: readonly Row[], hasBare: boolean): string[] {
  const rates = rows.filter(({ what }) => what === "throughput");
  const latencies = rows.filter(({ what }) => what === "latency");
  const head = ["", "block", ...(hasBare ? ["bare", "block / bare"] : [])];
  const times = ({ p50, p99 }: Counted): string => `${duration(p50)} / ${duration(p99)}`;
  const rate = (size: number, { perSecond }: Counted): string =>
    `${short(Math.round(perSecond))}/s ${bytes(perSecond * size)}/s`;
  const ratio = (one: number, other: number): string => (one / other).toFixed(2);
  return [
    machine(),
    "",
    ...tableLines([
      ["messages and bytes per second", ...head.slice(1)],
      ...rates.map(({ bytes: size, block, bare }) => [
        bytes(size),
        rate(size, block),
        ...(bare === undefined ? [] : [rate(size, bare), ratio(block.perSecond, bare.perSecond)]),
      ]),
      head.map(() => ""),
      [`under way at ${LATENCY.rate}/s, p50 / p99`, ...head.slice(1)],
      ...latencies.map(({ bytes: size, block, bare }) => [
        bytes(size),
        times(block),
        ...(bare === undefined ? [] : [times(bare), ratio(block.p50, bare.p50)]),
      ]),
    ]),
    ...(hasBare
      ? []
      : ["", "The bare client is missing; with it there is something to compare with: npm install zeromq"]),
  ];
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${model}, ${availableParallelism()} cores, ${memory}, ${platform()}, Node ${process.versions.node}`;
}

async function isInstalled(): Promise<boolean> {
  try {
    await import("zeromq");
    return true;
  } catch {
    return false;
  }
}
