import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

const LATE_MS = 20_000;

/** Runs `arroyo` in a pseudo-terminal and reads the screen as a person would see it. */
export class PseudoTerminal implements AsyncDisposable {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #changed = new Set<() => void>();

  constructor(
    args: readonly string[],
    {
      columns = 100,
      rows = 30,
      env = {},
      cwd = process.cwd(),
    }: { columns?: number; rows?: number; env?: object; cwd?: string } = {},
  ) {
    this.#screen = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
    const words = [process.execPath, "--import", fileURLToPath(import.meta.resolve("tsx")), BIN, ...args];
    const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    // The exit code is that of the command; it tells its process id first.
    const shell = `stty cols ${columns} rows ${rows}; echo "pid $$"; exec ${line}`;
    this.#child = spawn("script", ["-qfec", shell, "/dev/null"], {
      cwd,
      env: { ...process.env, TERM: "xterm-256color", COLORTERM: "truecolor", NO_COLOR: "", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#screen.write(chunk, () => {
        for (const look of [...this.#changed]) look();
      });
    });
    // A test that is given up must not leave a program behind.
    const kill = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = once(this.#child, "close").then(([code]) => {
      process.off("exit", kill);
      return code as number | null;
    });
  }

  /** The lines on the screen. */
  get lines(): string[] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => {
      return (
        active
          .getLine(active.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? ""
      );
    });
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** Whether the program has the whole screen for itself. */
  get isFullScreen(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }

  /** The red, green and blue of the upper half of a cell that holds a half block. */
  colourAt(row: number, column: number): readonly [number, number, number] | undefined {
    const { active } = this.#screen.buffer;
    const cell = active.getLine(active.baseY + row)?.getCell(column);
    if (cell === undefined || cell.getChars() !== "▀" || !cell.isFgRGB()) return undefined;
    const colour = cell.getFgColor();
    return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
  }

  /** Resolves when the screen is as wanted; shows it where that never happens. */
  until(isSo: (terminal: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#changed.delete(look);
        clearTimeout(late);
      };
      const late = setTimeout(() => {
        end();
        reject(new Error(`the screen never was as wanted:\n${this.text}`));
      }, LATE_MS);
      const look = (): void => {
        if (!isSo(this)) return;
        end();
        resolve();
      };
      this.#changed.add(look);
      look();
    });
  }

  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
