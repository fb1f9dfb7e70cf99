import type { Finding } from "./finding.ts";
import { adviceFor, troubleOf } from "./trouble.ts";

/** Tells findings about one subject. */
export class Report {
  readonly subject: string;
  readonly #tell: (finding: Finding) => void;

  constructor(subject: string, tell: (finding: Finding) => void) {
    this.subject = subject;
    this.#tell = tell;
  }

  ok(found: string, advice?: string): void {
    this.#add("ok", found, advice);
  }

  warning(found: string, advice?: string): void {
    this.#add("warning", found, advice);
  }

  error(found: string, advice?: string): void {
    this.#add("error", found, advice);
  }

  /** Tells what one of our warnings says: what happened, a semicolon, what to do. */
  warned(message: string): void {
    this.warning(...divided(message));
  }

  /** Tells an error; `prefix` is what its message begins with and the subject says already. */
  failed(error: unknown, prefix = ""): void {
    const place = this.subject.split(" ")[1] ?? "";
    const trouble = troubleOf(error, prefix);
    // The subject says already where it was.
    const [found, advice] = divided(
      trouble.startsWith(`${place}`) ? trouble.slice(place.length).replace(/^:? /, "") : trouble,
    );
    this.error(found, adviceFor(error) ?? advice);
  }

  #add(level: Finding["level"], found: string, advice: string | undefined): void {
    this.#tell({
      level,
      subject: this.subject,
      found: found.replace(/\.$/, ""),
      ...(advice === undefined ? {} : { advice }),
    });
  }
}

function divided(message: string): [string, string | undefined] {
  const at = message.lastIndexOf("; ");
  return at < 0 ? [message, undefined] : [message.slice(0, at), message.slice(at + 2)];
}
