// One hop in the wire form of arroyosas, ours beside that of the real arroyopy: the same source and sink, the same
// messages, decoded and encoded again on the way. The sink checks what arrives. Run by `npm run test:peers -- --bench`.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

interface Size {
  readonly name: string;
  readonly bytes: number;
  /** Messages before the clock starts. */
  readonly warm: number;
  readonly count: number;
  /** How many times faster ours is to be. */
  readonly target: number;
}

const SIZES: readonly Size[] = [
  { name: "100 B", bytes: 100, warm: 50_000, count: 200_000, target: 3 },
  { name: "8 MB", bytes: 8 * 2 ** 20, warm: 50, count: 400, target: 1.3 },
];
const ROUNDS = 3;
const HOPS = ["arroyopy", "arroyojs"] as const;

const python = process.env.ARROYO_PEERS_PYTHON;
assert.ok(python, "the bench needs its own Python: npm run test:peers -- --bench");

/** Starts a program whose lines are read; what it says of errors is shown. */
function start(command: string, ...args: readonly string[]): { child: ChildProcess; line: () => Promise<string> } {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr?.on("data", (text: Buffer) => {
    errors += text.toString();
  });
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    assert.ok(done !== true, `${args.join(" ")} ended:\n${errors}`);
    return value as string;
  };
  return { child, line };
}

/** Gives messages per second over one hop. */
async function measure(hop: (typeof HOPS)[number], { bytes, warm, count }: Size): Promise<number> {
  const ends = (role: string): ReturnType<typeof start> =>
    start(python as string, "scripts/peers/bench_ends.py", role, ...[bytes, warm, count].map(String));
  const [source, sink] = [ends("source"), ends("sink")];
  const places = await Promise.all([source.line(), sink.line()]);
  const between =
    hop === "arroyopy"
      ? start(python as string, "scripts/peers/bench_hop.py", ...places)
      : start(process.execPath, "--import", "tsx", "bench/peers/our-hop.ts", ...places);
  try {
    const failed = once(between.child, "exit").then(() => assert.fail(`the hop of ${hop} ended before its time`));
    failed.catch(() => undefined);
    const result = JSON.parse(await Promise.race([sink.line(), failed])) as {
      count: number;
      seconds: number;
      bad: number;
    };
    assert.deepEqual([result.count, result.bad], [count, 0], `${hop}: what arrived is not what was sent`);
    return count / result.seconds;
  } finally {
    for (const { child } of [source, between, sink]) child.kill("SIGKILL");
  }
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): string => (sorted[index] as number).toFixed(digits);
  return `${at(sorted.length >> 1)} (${at(0)}-${at(sorted.length - 1)})`;
}

console.log(`one hop in the form of arroyosas, messages/s: median (min-max) of ${ROUNDS} rounds in turns`);
for (const size of SIZES) {
  const rates = new Map(HOPS.map((hop) => [hop, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const hop of HOPS) rates.get(hop)?.push(await measure(hop, size));
  }
  const [theirs, ours] = HOPS.map((hop) => rates.get(hop) as number[]) as [number[], number[]];
  const ratios = ours.map((rate, round) => rate / (theirs[round] as number));
  const digits = size.bytes > 1e6 ? 1 : 0;
  for (const hop of HOPS)
    console.log(`  ${size.name.padEnd(6)} ${hop.padEnd(9)} ${spread(rates.get(hop) ?? [], digits)}`);
  console.log(`  ${size.name.padEnd(6)} arroyojs / arroyopy  ${spread(ratios, 2)}   wanted: at least ${size.target}`);
}
