import type { Finding, FindingLevel } from "../../checkup/finding.ts";
import { harmless } from "../drawing/text-width.ts";

/** Is a finding with the place of the part that it is about. */
export interface PlacedFinding extends Finding {
  /** `arroyo.yaml:5:9`; undefined where the machine is meant, or an address of the command line. */
  readonly at?: string;
}

/** Longer ones are cut: what others say has no bound. */
const MOST_LETTERS = 400;
const COLOURS: Readonly<Record<FindingLevel, number>> = { ok: 32, warning: 33, error: 31 };
const WIDEST = "warning".length;

/** Makes what others said fit to be printed: no secrets, no escape sequences, not too long. */
export function cleaned(finding: PlacedFinding, redact: (words: string) => string): PlacedFinding {
  const clean = (words: string): string => {
    const whole = harmless(withoutUser(redact(words)));
    return whole.length > MOST_LETTERS ? `${whole.slice(0, MOST_LETTERS)}...` : whole;
  };
  const { level, subject, found, advice, at } = finding;
  return {
    level,
    subject: clean(subject),
    found: clean(found),
    ...(advice === undefined ? {} : { advice: clean(advice) }),
    ...(at === undefined ? {} : { at: clean(at) }),
  };
}

/** Writes a finding on a line: level, what was looked at, where it stands, what was found, what to do. */
export function findingLine({ level, subject, found, advice, at }: PlacedFinding, hasColours: boolean): string {
  const word = level.padEnd(WIDEST);
  const marked = hasColours ? `\u001b[${COLOURS[level]}m${word}\u001b[39m` : word;
  const place = at === undefined || level === "ok" ? "" : ` (${at})`;
  return `${marked}  ${subject}${place}: ${found}${advice === undefined ? "" : `; ${advice}`}`;
}

/** Counts findings: `2 errors, 1 warning, 14 ok`. */
export function countsLine(findings: readonly Finding[]): string {
  const count = (level: FindingLevel): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings] = [count("error"), count("warning")];
  return `${errors} ${errors === 1 ? "error" : "errors"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ${count("ok")} ok`;
}

function withoutUser(words: string): string {
  return words.replace(/(:\/\/)[^/\s"'@]+@/gu, "$1***@");
}
