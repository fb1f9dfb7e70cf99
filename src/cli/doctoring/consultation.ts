import type { Finding } from "../../checkup/finding.ts";
import { cleaned, type PlacedFinding } from "./finding-text.ts";

/** Gathers findings in their order, each once, and passes them on without secrets. */
export class Consultation {
  readonly findings: PlacedFinding[] = [];
  readonly #known = new Set<string>();
  readonly #tell: (finding: PlacedFinding) => Promise<void>;
  #redact: (words: string) => string = (words) => words;
  #telling: Promise<void> = Promise.resolve();

  constructor(tell: (finding: PlacedFinding) => Promise<void>) {
    this.#tell = tell;
  }

  /** Says what takes secrets out of a text, from now on. */
  keepOut(redact: (words: string) => string): void {
    this.#redact = redact;
  }

  /** Adds a finding; several parts at one broker would say the same of it. */
  add(finding: Finding, at?: string): void {
    const clean = cleaned({ ...finding, ...(at === undefined ? {} : { at }) }, this.#redact);
    const key = JSON.stringify([clean.level, clean.subject, clean.found]);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.findings.push(clean);
    this.#telling = this.#telling.then(() => this.#tell(clean));
  }

  /** Resolves when all were passed on. */
  told(): Promise<void> {
    return this.#telling;
  }
}
