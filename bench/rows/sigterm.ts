import { Company } from "../company.ts";
import type { Findings, Row, Size } from "../row.ts";
import { inTurns } from "../turns.ts";
import { beginFlood, beginOverloaded, type Ended } from "./overloaded-block.ts";

const DEADLINE_MS = 200;
/** More is queued than the deadline allows. */
const SLOW_MS = 80;
/** The longest call of the operator, and the end of the process, come after the deadline. */
const GRACE_MS = 250;

/** Measures how a block ends on SIGTERM in the midst of an overload. */
export const sigterm: Row = { name: "sigterm", measure };

async function measure(size: Size): Promise<Findings> {
  const found = await inTurns(size, { block: () => terminated(size.quick ? 1000 : 3000) });
  return {
    title: "SIGTERM under that overload",
    method:
      `The same block and source, but ${SLOW_MS} ms for each frame: more is queued than the deadline of ` +
      `${DEADLINE_MS} ms allows. SIGTERM is sent in the midst of it. The process must end with exit code 3, and its account ` +
      "must add up and name what was left; how many messages that were is in the last line.",
    lines: [
      {
        what: "**last bytes taken in, ms after the signal**",
        values: found.block.map((one) => one.intakeMs),
        target: { most: 100 },
      },
      {
        what: "**end of the process, ms after the signal**",
        values: found.block.map((one) => one.endMs),
        target: {
          most: DEADLINE_MS + GRACE_MS,
          text: `<= ${DEADLINE_MS} + ${GRACE_MS} (the call under way, the exit)`,
        },
      },
      { what: "messages left, and named", values: found.block.map((one) => one.left), target: { least: 1 } },
    ],
  };
}

async function terminated(afterMs: number): Promise<{ intakeMs: number; endMs: number; left: number }> {
  await using company = new Company();
  const options = { kind: "block", overflow: "block", workMs: SLOW_MS, drainMs: DEADLINE_MS };
  const { program, address } = await beginOverloaded(company, options);
  await beginFlood(company, address, 3600).word("begun");
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const signalAt = Number(process.hrtime.bigint()) / 1e6;
  const signalledAt = program.signal("SIGTERM");
  const { lastCameAt = 0, account } = await program.word<Ended>("ended");
  const { code, atMs } = await program.ended;
  if (code !== 3) throw new Error(`bench: expected exit code 3, got ${code}:\n${program.stderr}`);
  const { received = 0, finished = 0, left = 0 } = account ?? {};
  if (received !== finished + left || !program.stderr.includes(`${left} messages were not finished`)) {
    throw new Error(`bench: the account does not add up: ${JSON.stringify(account)}\n${program.stderr}`);
  }
  await company.end();
  return { intakeMs: Math.max(0, lastCameAt - signalAt), endMs: atMs - signalledAt, left };
}
