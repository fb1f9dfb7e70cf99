import { timeText } from "../../checkup/amounts.ts";
import type { Checkup, Examination, Finding } from "../../checkup/finding.ts";
import { Report } from "../../checkup/report.ts";

/** More than this nobody reads of one place. */
const MOST_FINDINGS = 100;

/** Is one checkup to be done. */
export interface Visit {
  /** Names the place where the checkup itself cannot. */
  readonly subject: string;
  readonly role: Examination["role"];
  readonly own: ReadonlySet<string>;
  readonly check: Checkup;
  options(): Promise<Readonly<Record<string, unknown>>>;
}

/** Does one checkup until its end, or the deadline; what was found until then is given. */
export async function examined(visit: Visit, timeoutMs: number, stop: AbortSignal): Promise<readonly Finding[]> {
  const { subject, role, own, check } = visit;
  const found: Finding[] = [];
  let isOver = false;
  const tell = (finding: Finding): void => {
    if (!isOver && found.length < MOST_FINDINGS) found.push(finding);
  };
  const report = new Report(subject, tell);
  const deadline = new AbortController();
  const end = (): void => deadline.abort();
  const timer = setTimeout(end, timeoutMs);
  stop.addEventListener("abort", end, { once: true });
  if (stop.aborted) end();
  const late = new Promise<"late">((resolve) => {
    deadline.signal.addEventListener("abort", () => resolve("late"), { once: true });
  });
  try {
    const work = visit.options().then((options) => check(options, { role, own, signal: deadline.signal, tell }));
    const outcome = await Promise.race([
      work.then(
        () => "done" as const,
        (error: unknown) => ({ error }),
      ),
      late,
    ]);
    // At the deadline everything fails, and says what it was doing; that it took too long is what is to be told.
    if (deadline.signal.aborted) {
      report.error(
        `no answer within ${timeText(timeoutMs)}`,
        "who is there accepts connections and stands still, or the network swallows them; give it more time with --timeout",
      );
    } else if (typeof outcome === "object") report.failed(outcome.error);
  } finally {
    isOver = true;
    clearTimeout(timer);
    stop.removeEventListener("abort", end);
    // What is still open closes.
    deadline.abort();
  }
  return found;
}

/** Does several things at once, and not more than so many; gives their results in order, each as soon as it can. */
export function together<T>(works: readonly (() => Promise<T>)[], most: number): readonly Promise<T>[] {
  const results = works.map((work) => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    return { begin, result: begun.then(work) };
  });
  let next = 0;
  const more = (): void => {
    const one = results[next];
    next += 1;
    if (one === undefined) return;
    one.begin();
    one.result.then(more, more);
  };
  for (let at = 0; at < most; at += 1) more();
  return results.map(({ result }) => result);
}
