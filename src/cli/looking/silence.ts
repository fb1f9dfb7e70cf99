import type { WireSource } from "./wire-source.ts";

/** Says what may be the cause when nothing comes from a stream. */
export function silenceText(
  { isConnected, warnings }: Pick<WireSource, "isConnected" | "warnings">,
  { url, isPull, seconds }: { readonly url: string; readonly isPull: boolean; readonly seconds: number },
): string {
  const since = `for ${seconds} s`;
  const kind = warnings.map((warning) => /\bis an? (PUSH|PUB|XPUB|[A-Z]{3,})\b/.exec(warning)?.[1]).findLast(Boolean);
  if (kind === "PUSH" && !isPull) {
    return `${url} is a PUSH, which gives nothing to those who only watch; --pull takes messages from its other readers`;
  }
  if ((kind === "PUB" || kind === "XPUB") && isPull) return `${url} is a PUB; leave out --pull`;
  if (kind !== undefined) return `${url} is a ${kind}, which look cannot read; it reads PUB and PUSH`;
  if (isConnected !== true) {
    const trouble = warnings.findLast((warning) => !warning.includes("nobody answers"));
    const why =
      trouble === undefined ? "is the sender running, does it bind there, is a firewall in between?" : trouble;
    return `nobody answers at ${url} ${since}; ${why}`;
  }
  if (isPull) return `connected, but nothing came ${since}; the sender is idle, or deals its messages to other pullers`;
  return (
    `connected, but nothing came ${since}; the sender is idle, or a PUSH, which gives nothing to those who only watch: ` +
    "--pull takes messages from its other readers"
  );
}
