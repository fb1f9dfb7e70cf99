import type { Account, Counts, Missing } from "../message/account.ts";

/** The first is the sum of the next five. */
const COLUMNS = [
  "received",
  "finished",
  "dropped",
  "failed",
  "dead",
  "left",
  "lost",
  "filtered",
  "reduced",
  "published",
] as const;
const MAX_RUNS = 20;
const MAX_RANGES = 5;

/** Prints an account as a table, for people: its newest runs, the sum, and the reasons of what went missing. */
export function accountText(account: Account): string {
  const runs = account.runs.slice(-MAX_RUNS);
  const rows = runs.map((run) => row(`${run.run} (${run.ended ?? "open"})`, run));
  const table = [[account.block, ...COLUMNS], ...rows, row("all", account)];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((cells) => (cells[column] as string).length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, column) => pad(cell, widths?.[column] ?? 0, column === 0))
      .join("  ")
      .trimEnd(),
  );
  if (account.runs.length > MAX_RUNS)
    lines.push(`(${account.runs.length - MAX_RUNS} earlier runs are in the sum only)`);
  for (const [reason, times] of Object.entries(account.reasons)) lines.push(`  ${times} x ${reason}`);
  if (account.rejected > 0) lines.push(`  ${account.rejected} rejected: not messages`);
  if (account.droppedUpstream > 0) lines.push(`  ${account.droppedUpstream} left out by an earlier stage`);
  for (const { run, joinedAt = -1 } of runs) if (joinedAt >= 0) lines.push(`  ${run}: joined at ${joinedAt}`);
  for (const run of runs) for (const missing of run.missing ?? []) lines.push(`  ${run.run}: ${missingText(missing)}`);
  return lines.join("\n");
}

/** Says how many events never came out at the end of a chain, and between which sequences. */
export function missingText({ stream, partition, events, as, ranges }: Missing): string {
  const shown = ranges.slice(0, MAX_RANGES).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const more = ranges.length > MAX_RANGES ? ` and ${ranges.length - MAX_RANGES} more ranges` : "";
  const of = partition === "" ? stream : `${stream} ${partition}`;
  return `${events} of ${of} ${as}, missing: ${shown.join(", ")}${more}`;
}

function row(name: string, counts: Counts): string[] {
  return [name, ...COLUMNS.map((column) => String(counts[column]))];
}

function pad(cell: string, width: number, left: boolean): string {
  return left ? cell.padEnd(width) : cell.padStart(width);
}
