import { UsageError } from "../../errors.ts";

/** Is an address of a broker in its parts. */
export interface BrokerAddress {
  readonly scheme: string;
  /** What stands between user and path: one host, for Kafka several with commas. */
  readonly hosts: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The parts of its path, without empty ones at the end. */
  readonly path: readonly string[];
  readonly query: string;
  /** The user and password as they were written, with the sign behind them; empty for none. */
  readonly userInfo: string;
  /** The address without user and password. */
  readonly shown: string;
  /** Makes an error about it. */
  fault(what: string): UsageError;
}

const FORM = /^([a-z]+):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Takes an address apart; `form` is how it is to look. */
export function brokerAddress(command: string, url: string, form: string): BrokerAddress {
  const hidden = url.replace(/:\/\/[^/]*@/, "://***@");
  const fault = (what: string): UsageError => new UsageError(`${command}: ${hidden}: ${what}`);
  const [, scheme = "", user, hosts = "", path = "", query = ""] = FORM.exec(url) ?? [];
  if (scheme === "" || hosts === "") throw fault(`is no address of a broker; write ${form}`);
  const [name, ...rest] = (user ?? "").split(":");
  const parts = path.split("/").map((part) => decoded(part, fault));
  while (parts.at(-1) === "") parts.pop();
  return {
    scheme,
    hosts,
    username: name === undefined || name === "" ? undefined : decoded(name, fault),
    password: rest.length === 0 ? undefined : decoded(rest.join(":"), fault),
    path: parts,
    query,
    userInfo: user === undefined ? "" : `${user}@`,
    shown: hidden,
    fault,
  };
}

function decoded(part: string, fault: (what: string) => UsageError): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw fault('a "%" in it is not followed by two hexadecimal digits; write it as "%25"');
  }
}
