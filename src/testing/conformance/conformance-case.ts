import { UsageError } from "../../errors.ts";

/** Holds one named check of a conformance suite, for any test runner: `test(each.name, each.run)`. */
export interface ConformanceCase {
  readonly name: string;
  /** Why this implementation cannot do it; such a case is listed and does nothing. */
  readonly cannot?: string;
  /** Resolves when the implementation behaves; rejects with what it did instead. */
  readonly run: () => Promise<void>;
}

/** Says by name what an implementation cannot do, with the reason. */
export type Cannot = Readonly<Record<string, string>>;

/** Makes the cases of a suite from its checks; what cannot be done stays in the list, with its reason in the name. */
export function conformanceCases(
  subject: string,
  checks: Readonly<Record<string, () => Promise<void>>>,
  cannot: Cannot = {},
): readonly ConformanceCase[] {
  const names = Object.keys(checks);
  for (const [name, reason] of Object.entries(cannot)) {
    if (!names.includes(name)) {
      throw new UsageError(
        `${subject}: cannot names "${name}", which is no case; its cases are:\n  ${names.join("\n  ")}`,
      );
    }
    if (reason.trim() === "") throw new UsageError(`${subject}: cannot "${name}" has no reason; say why it cannot`);
  }
  return Object.entries(checks).map(([name, run]) => {
    const reason = Object.hasOwn(cannot, name) ? cannot[name] : undefined;
    if (reason === undefined) return { name, run };
    return { name: `${name} (cannot: ${reason})`, cannot: reason, run: async () => {} };
  });
}

/** Gives what a subject must bring for a case, or says that it is missing. */
export function needed<T>(subject: string, member: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new UsageError(
    `${subject}: this case needs ${member}, which the subject does not have; give it, or name the case in cannot`,
  );
}
