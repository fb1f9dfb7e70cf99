import { ConnectionError, text } from "../../errors.ts";

interface Remedy {
  readonly words: string;
  /** Whether it can become better by itself, or by what somebody does beside. */
  readonly retryable: boolean;
}

const REMEDIES: ReadonlyMap<string, Remedy> = new Map([
  ["EACCES", { words: "no permission; let this user read and write there, or choose another place", retryable: false }],
  ["EPERM", { words: "not permitted; let this user read and write there, or choose another place", retryable: false }],
  ["EROFS", { words: "the file system is read-only; choose another place", retryable: false }],
  ["ENOSPC", { words: "the disk is full; make room", retryable: true }],
  ["EDQUOT", { words: "the quota is used up; make room", retryable: true }],
  ["EFBIG", { words: "the file is too large for this system or user; choose another file system", retryable: false }],
  ["ENAMETOOLONG", { words: "the name is too long for this file system; shorten the path", retryable: false }],
  ["ENOTDIR", { words: "a part of the path is no folder; choose another place", retryable: false }],
  ["EISDIR", { words: "it is a folder; name a file", retryable: false }],
  ["ENOENT", { words: "it is not there; make it, or correct the path", retryable: false }],
  ["EMFILE", { words: "too many files are open; raise the limit (ulimit -n)", retryable: true }],
  ["ENFILE", { words: "too many files are open on this machine", retryable: true }],
  ["EIO", { words: "the disk does not work; look at the system's log", retryable: true }],
  ["ESTALE", { words: "the file server forgot the file", retryable: true }],
]);

/** Gives the code of a system error. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Says in one error what the disk refused and what to do; one of ours stays as it is. */
export function diskFault(path: string, doing: string, error: unknown): Error {
  const code = codeOf(error);
  if (error instanceof Error && (code === undefined || !/^E[A-Z0-9]+$/.test(code))) return error;
  const remedy = REMEDIES.get(code ?? "");
  const why = remedy === undefined ? text(error) : `${remedy.words} (${code})`;
  const retryable = remedy?.retryable ?? false;
  return new ConnectionError(`hdf5 ${path}: ${doing} failed: ${why}`, { cause: error, retryable });
}
