import { basename, dirname, join } from "node:path";
import { UsageError } from "../../../errors.ts";
import type { Clock } from "../../../time/clock.ts";
import { codeOf, type Disk, diskError } from "../disk.ts";
import { bytesChecksum } from "./checksum.ts";

/** While it is read, what was finished is written down this often. */
const WRITE_MS = 200;
const FORMAT = "arroyo-cursor/1";
const MAX_GROUP_CHARACTERS = 100;

/** Remembers how far a group is in a capture: in a small file beside it, or only as long as the listener lives. */
export class GroupCursor {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #path: string | undefined;
  readonly #warn: (message: string) => void;
  #capture = "";
  /** Everything before this position is finished. */
  #next: number | undefined;
  #written: number | undefined;
  #isReading = false;
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;

  /** `group` undefined: nothing is written. */
  constructor(
    disk: Disk,
    clock: Clock,
    capturePath: string,
    group: string | undefined,
    warn: (message: string) => void,
  ) {
    this.#disk = disk;
    this.#clock = clock;
    this.#warn = warn;
    this.#path =
      group === undefined ? undefined : join(dirname(capturePath), `${basename(capturePath)}.${group}.cursor`);
  }

  /** The position to go on from; undefined where nothing was finished yet. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Reads what was written down by an earlier process. */
  async load(): Promise<void> {
    if (this.#path === undefined || this.#next !== undefined) return;
    let text: string;
    try {
      text = await this.#disk.readFile(this.#path, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw diskError(this.#path, "reading", error);
    }
    const found = decode(text);
    if (found === undefined) {
      throw new UsageError(`${this.#path}: is damaged (byte 0); remove it to begin anew, or begin at a position`);
    }
    this.#capture = found.capture;
    this.#next = found.next;
    this.#written = found.next;
  }

  /** Begins a reading of a capture; one with another id has nothing to do with what was finished. */
  begin(capture: string, position: number): void {
    this.#isReading = true;
    if (this.#capture !== capture || this.#next === undefined || position !== this.#next) {
      this.#capture = capture;
      this.#next = position;
      this.#written = undefined;
      this.#later();
    }
  }

  /** Tells whether what is known belongs to this capture. */
  isOf(capture: string): boolean {
    return this.#capture === capture;
  }

  /** Notes that everything up to a position is finished. */
  commit(position: number): void | Promise<void> {
    if (position < (this.#next ?? 0)) return undefined;
    this.#next = position + 1;
    if (this.#path === undefined) return undefined;
    if (!this.#isReading) return this.flush();
    if (this.#cancel === undefined) this.#later();
    return undefined;
  }

  /** Ends a reading; what is finished later is written at once. */
  async end(): Promise<void> {
    this.#isReading = false;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.flush();
  }

  /** Writes down how far the group is. */
  async flush(): Promise<void> {
    while (this.#path !== undefined && this.#next !== undefined && this.#written !== this.#next) {
      this.#writing ??= this.#write(this.#path, this.#next);
      await this.#writing;
    }
  }

  #later(): void {
    if (this.#path === undefined) return;
    this.#cancel?.();
    this.#cancel = this.#clock.after(WRITE_MS, () => {
      this.#cancel = undefined;
      this.flush().catch((error: unknown) => {
        this.#warn(`${String(error)}; after a restart, messages come again`);
      });
    });
  }

  async #write(path: string, next: number): Promise<void> {
    const draft = `${path}.new`;
    try {
      const handle = await this.#disk.open(draft, "w");
      try {
        await handle.writeFile(encode(this.#capture, next));
        await handle.datasync();
      } finally {
        await handle.close();
      }
      // Either the old file is there or the new one, never a part.
      await this.#disk.rename(draft, path);
      this.#written = next;
    } catch (error) {
      throw diskError(path, "writing", error);
    } finally {
      this.#writing = undefined;
    }
  }
}

/** Refuses what cannot be part of a file's name. */
export function checkGroup(subject: string, group: unknown): string | undefined {
  if (group === undefined) return undefined;
  if (typeof group === "string" && /^[\w.-]+$/.test(group) && group.length <= MAX_GROUP_CHARACTERS) return group;
  throw new UsageError(
    `${subject}: group: expected a name of letters, digits, ".", "_" and "-", got ${JSON.stringify(group)}`,
  );
}

function encode(capture: string, next: number): string {
  const line = `${FORMAT} ${capture} ${next}`;
  return `${line} ${bytesChecksum(Buffer.from(line)).toString(16).padStart(8, "0")}\n`;
}

function decode(text: string): { readonly capture: string; readonly next: number } | undefined {
  const [, line = "", capture = "", digits = "", sum = ""] =
    /^(arroyo-cursor\/1 ([0-9a-f]{32}) (\d{1,16})) ([0-9a-f]{8})\n$/.exec(text) ?? [];
  const next = Number(digits);
  if (line === "" || !Number.isSafeInteger(next) || bytesChecksum(Buffer.from(line)) !== Number.parseInt(sum, 16))
    return undefined;
  return { capture, next };
}
