import { ConnectionError, text, UsageError } from "../../errors.ts";

/** Says in our words why libzmq did not bind or connect. */
export function endError(subject: string, use: "bind" | "connect", address: string, error: unknown): Error {
  const what = `${subject}: cannot ${use} to ${address}`;
  const { code } = error as { code?: unknown };
  switch (code) {
    case "EADDRINUSE":
      return new ConnectionError(`${what}: the address is in use; stop the other program, or use another address`, {
        cause: error,
      });
    case "EADDRNOTAVAIL":
    case "ENODEV":
      return new UsageError(
        `${what}: no network interface of this machine has this address; use * or one that it has`,
        {
          cause: error,
        },
      );
    case "EACCES":
      return new ConnectionError(`${what}: not allowed; use a port above 1023, or a folder where this user may write`, {
        cause: error,
        retryable: false,
      });
    case "ENOENT":
      return new UsageError(`${what}: the folder does not exist; make it first`, { cause: error });
    case "EINVAL":
    case "EPROTONOSUPPORT":
    case "ENAMETOOLONG":
      return new UsageError(`${what}: libzmq does not take this address; write tcp://HOST:PORT or ipc:///PATH`, {
        cause: error,
      });
    default:
      return new ConnectionError(`${what}: ${text(error)}; look at the address and the network`, {
        cause: error,
        retryable: false,
      });
  }
}
