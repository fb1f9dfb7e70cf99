import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Is the forwarder in C, or the reason why there is none. */
export type CForwarder =
  | { readonly program: string; readonly missing?: never }
  | { readonly missing: string; readonly program?: never };

let made: CForwarder | undefined;

/**
 * Compiles the forwarder in C, once. CC, CFLAGS and LDFLAGS count, as for make: libzmq may be in a place of its own.
 */
export function cForwarder(): CForwarder {
  made ??= compiled();
  return made;
}

function compiled(): CForwarder {
  const source = fileURLToPath(new URL("../programs/zmtp-forward.c", import.meta.url));
  const program = join(mkdtempSync(join(tmpdir(), "arroyo-bench-")), "zmtp-forward");
  const compiler = process.env.CC ?? "cc";
  const flags = (name: string): string[] => (process.env[name] ?? "").split(" ").filter((flag) => flag !== "");
  const args = ["-O2", ...flags("CFLAGS"), source, "-o", program, ...flags("LDFLAGS"), "-lzmq"];
  const { error, status, stderr } = spawnSync(compiler, args, { encoding: "utf8" });
  if (error !== undefined) return { missing: `there is no C compiler here (${compiler}): install gcc` };
  if (status === 0) return { program };
  const isHeader = /zmq\.h|-lzmq/.test(stderr);
  const why = isHeader ? "libzmq's headers are missing here: install libzmq3-dev" : `it does not compile: ${stderr}`;
  return { missing: why };
}
