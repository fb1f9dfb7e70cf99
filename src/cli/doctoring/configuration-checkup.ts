import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Finding } from "../../checkup/finding.ts";
import { checkFolder } from "../../checkup/folder.ts";
import { Report } from "../../checkup/report.ts";
import type { BlockDescription, Configuration } from "../../config/configuration.ts";
import { placeOf } from "./visits.ts";

const LETTERS_BYTES = 1024 ** 3;

type Tell = (finding: Finding, at?: string) => void;

/** Checks what blocks need of this machine: a folder for dead letters, processors for threads. */
export async function checkBlocks(configuration: Configuration, cwd: string, tell: Tell): Promise<void> {
  for (const block of configuration.blocks) {
    if (keepsLetters(block)) {
      const { path = `./dead-letters/${block.name}`, maxBytes = LETTERS_BYTES } = (block.settings["deadLetters"] ??
        {}) as { path?: string; maxBytes?: number };
      const report = new Report(`dead letters ${path}`, (finding) => tell(finding, blockPlace(configuration, block)));
      await checkFolder(report, resolve(cwd, path), maxBytes).catch((error: unknown) => report.failed(error));
    }
    checkThreads(configuration, block, tell);
  }
}

function keepsLetters({ settings }: BlockDescription): boolean {
  const { onError, deadLetters } = settings;
  const then = typeof onError === "object" && onError !== null ? (onError as { then?: unknown }).then : onError;
  return deadLetters !== undefined || then === "dead-letter";
}

function checkThreads(configuration: Configuration, { operators }: BlockDescription, tell: Tell): void {
  const cores = availableParallelism();
  for (const part of operators) {
    const threads = Number(part.beside["threads"] ?? 0);
    if (threads <= cores) continue;
    new Report(`operator ${part.used.written}`, (finding) => tell(finding, placeOf(configuration, part))).warning(
      `asks for ${threads} threads, and there are ${cores} processors`,
      `write threads: ${Math.max(1, cores - 1)}`,
    );
  }
}

function blockPlace({ source }: Configuration, { at }: BlockDescription): string {
  const { line, col } = source.lines.linePos(
    (at.get("deadLetters") ?? at.get("onError") ?? at.get("name") ?? [0, 1])[0],
  );
  return `${source.name}:${line}:${col}`;
}
