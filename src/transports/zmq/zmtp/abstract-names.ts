import { UsageError } from "../../../errors.ts";

/** Refuses an abstract name of ipc where it would become another one: libuv before 1.51 fills it up with zeros. */
export function refusePaddedName(subject: string, address: string): void {
  if (!address.startsWith("ipc://@") || namesAreWhole()) return;
  throw new UsageError(
    `${subject}: ${address}: this version of Node pads abstract names, so that no other program finds them; take a ` +
      'path, or engine: "libzmq"',
  );
}

/** Tells whether this Node uses abstract names as they are. */
export function namesAreWhole(): boolean {
  const [major = 0, minor = 0] = process.versions.uv.split(".").map(Number);
  return major > 1 || minor >= 51;
}
