import { MissingPackageError, text, UsageError } from "../../errors.ts";
import type { EngineName } from "./ends.ts";
import type { Engine } from "./socket.ts";

/** Loads the implementation that was asked for; only now, so that a constructor loads no package. */
export async function loadEngine(
  name: EngineName,
  subject: string,
  load: () => Promise<typeof import("zeromq")> = () => import("zeromq"),
): Promise<Engine> {
  if (name === "zmtp") {
    const { ZmtpEngine } = await import("./zmtp/zmtp-engine.ts");
    return new ZmtpEngine();
  }
  const { LibzmqEngine } = await import("./libzmq-engine.ts");
  return new LibzmqEngine(await loadPackage(subject, load));
}

async function loadPackage(
  subject: string,
  load: () => Promise<typeof import("zeromq")>,
): Promise<typeof import("zeromq")> {
  try {
    return await load();
  } catch (error) {
    if (isAbsent(error)) throw new MissingPackageError("zeromq", subject, { cause: error });
    const remedy = "install it again on this machine: npm install zeromq";
    throw new UsageError(`${subject}: the package "zeromq" does not load: ${text(error)}; ${remedy}`, { cause: error });
  }
}

/** Tells the package's absence from that of something which the package itself needs. */
function isAbsent(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const isNotFound = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  return isNotFound && /['"]zeromq['"]/.test(text(error));
}
