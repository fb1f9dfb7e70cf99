import { width } from "./text-width.ts";

/** Aligns cells in columns: the first to the left, numbers to the right. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((cells) => cells.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((cells) => width(cells[column] ?? ""))),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const fill = " ".repeat((widths[column] ?? 0) - width(cell));
        return column === 0 ? cell + fill : fill + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}
