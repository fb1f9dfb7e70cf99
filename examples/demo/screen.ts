import type { Report } from "./report.ts";

const isTerminal = process.stdout.isTTY === true;
const BOLD = isTerminal && process.env.NO_COLOR === undefined ? ["\u001b[1m", "\u001b[22m"] : ["", ""];
/** Where nothing can be drawn over, a line a second is enough. */
const LINE_EVERY_MS = 1_000;

interface Seen {
  readonly atMs: number;
  readonly events: number;
}

/** Draws the live table: over itself on a terminal, as lines elsewhere. */
export class LiveTable {
  readonly #before = new Map<string, Seen[]>();
  #drawn = 0;
  #lastLine = 0;

  draw(reports: ReadonlyMap<string, Report | "starting" | "killed">, note: string): void {
    const now = performance.now();
    if (!isTerminal && now - this.#lastLine < LINE_EVERY_MS) return;
    this.#lastLine = now;
    const rows = [...reports].map(([name, report]) => [name, ...this.#cells(name, report, now)]);
    if (!isTerminal) {
      process.stdout.write(
        `${rows.map(([name, events, rate]) => `${name} ${events} (${rate}/s)`).join("  ")}  ${note}\n`,
      );
      return;
    }
    const table = [["", "frames", "per second", "queued", "lost", "dropped", "memory"], ...rows];
    const lines = table.map((cells, row) => line(cells, row === 0));
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    process.stdout.write(`${up}\u001b[J${[...lines, "", note].join("\n")}\n`);
    this.#drawn = lines.length + 2;
  }

  #cells(name: string, report: Report | "starting" | "killed", now: number): string[] {
    if (typeof report === "string") return [report === "killed" ? "killed" : "-", "-", "-", "-", "-", "-"];
    const { account, load } = report;
    const events = account.events;
    const seen = this.#before.get(name) ?? [];
    if ((seen.at(-1)?.events ?? 0) > events) seen.length = 0;
    seen.push({ atMs: now, events });
    while (seen.length > 2 && now - (seen[0] as Seen).atMs > 2_000) seen.shift();
    this.#before.set(name, seen);
    const { atMs, events: before } = seen[0] as Seen;
    const rate = now > atMs ? ((events - before) * 1_000) / (now - atMs) : 0;
    const memory = `${(load.bytes / 1e6).toFixed(1)} MB`;
    const { lost, dropped } = account;
    return [String(events), rate.toFixed(0), String(load.queued), String(lost), String(dropped), memory];
  }
}

function line(cells: readonly string[], isHead: boolean): string {
  const text = cells.map((cell, column) => (column === 0 ? cell.padEnd(10) : cell.padStart(12))).join("");
  return isHead ? `${BOLD[0]}${text}${BOLD[1]}` : text;
}

const BARS = [" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"];

/** Draws a curve with block characters, on a logarithmic scale as diffraction is looked at. */
export function curveText(curve: readonly number[], columns: number, rows: number): string {
  const heights = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * curve.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * curve.length) / columns));
    return Math.log10(Math.max(1, ...curve.slice(from, to)));
  });
  const highest = Math.max(...heights);
  const lowest = Math.min(...heights);
  const eighths = heights.map((height) => Math.round(((height - lowest) / (highest - lowest || 1)) * rows * 8));
  const lines: string[] = [];
  for (let row = rows - 1; row >= 0; row -= 1) {
    const label = row === rows - 1 ? (10 ** highest).toFixed(0) : row === 0 ? (10 ** lowest).toFixed(0) : "";
    const bars = eighths.map((height) => BARS[Math.max(0, Math.min(8, height - row * 8))]).join("");
    lines.push(`${label.padStart(6)} |${bars}`);
  }
  lines.push(`${" ".repeat(7)}+${"-".repeat(columns)}`);
  lines.push(`${" ".repeat(8)}centre${"radius".padStart(columns - 6)}`);
  return lines.join("\n");
}
