import type { Report } from "../../checkup/report.ts";
import { text } from "../../errors.ts";
import type { Command } from "./command.ts";
import type { Link } from "./link.ts";

/** Is a command that will be sent, and what it is for: `read`, `write`. */
export interface Wish {
  readonly command: Command;
  readonly means: string;
}

/** Asks a server whether its user may send commands, without sending them. */
export async function checkPermissions(link: Link, wishes: readonly Wish[], report: Report): Promise<void> {
  const [who] = await link.callAll([["ACL", "WHOAMI"]], "give");
  if (who instanceof Error || who === undefined) {
    return report.ok("what the user may do cannot be asked (ACL WHOAMI); see when it runs");
  }
  const user = String(who);
  const answers = await link.callAll(
    wishes.map(({ command }): Command => ["ACL", "DRYRUN", user, ...command]),
    "give",
  );
  const [first] = answers;
  // Older than Redis 7, or not for this user.
  if (first instanceof Error) {
    return report.ok(`what the user ${user} may do cannot be asked (${shortly(first)}); see when it runs`);
  }
  let isAllowed = true;
  for (const [index, answer] of answers.entries()) {
    const said = answer instanceof Error ? shortly(answer) : String(answer);
    if (said === "OK") continue;
    isAllowed = false;
    const { command, means } = wishes[index] as Wish;
    report.error(
      `the user ${user} may not ${means} it: ${said}`,
      `allow it: ACL SETUSER ${user} +${String(command[0]).toLowerCase()} and the key or channel`,
    );
  }
  if (isAllowed) report.ok(`the user ${user} may ${[...new Set(wishes.map(({ means }) => means))].join(" and ")} it`);
}

function shortly(error: Error): string {
  return (
    text(error)
      .split("\n")[0]
      ?.replace(/^redis: \S+ (?:refused a command|does not let us): /, "")
      .slice(0, 120) ?? ""
  );
}
