import { statSync, unlinkSync } from "node:fs";
import { createConnection } from "node:net";
import { ConnectionError } from "../../errors.ts";

const IPC = "ipc://";

/** Gives the path of an ipc address; undefined for wildcards, abstract names and other transports. */
function pathOf(address: string): string | undefined {
  const path = address.startsWith(IPC) ? address.slice(IPC.length) : "";
  return path === "" || path === "*" || path.startsWith("@") ? undefined : path;
}

/** Refuses a path at which somebody answers: libzmq would bind over it and leave the first owner without callers. */
export async function refuseLivePath(subject: string, address: string): Promise<void> {
  const path = pathOf(address);
  if (path === undefined || !(await answers(path))) return;
  throw new ConnectionError(
    `${subject}: cannot bind to ${address}: another socket is there; stop it, or use another path`,
  );
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    const end = (isThere: boolean): void => {
      probe.destroy();
      resolve(isThere);
    };
    probe.once("connect", () => end(true));
    probe.once("error", () => end(false));
  });
}

/** Remembers the file of a bound ipc address, and gives what removes it; libzmq leaves it behind. */
export function ownFile(address: string): () => void {
  const path = pathOf(address);
  const inode = path === undefined ? undefined : inodeOf(path);
  if (path === undefined || inode === undefined) return () => {};
  return () => {
    // Somebody else may have bound to this path since.
    if (inodeOf(path) === inode) unlinkSync(path);
  };
}

/** Removes what a process that is gone left at the path of an ipc address; somebody who answers was refused before. */
export function removeStale(address: string): void {
  const path = pathOf(address);
  if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
