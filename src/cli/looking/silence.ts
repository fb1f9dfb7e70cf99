import type { WireSource } from "./wire-source.ts";

/** Says what may be the cause when nothing comes from a stream. */
export function silenceText(
  { isConnected, warnings }: Pick<WireSource, "isConnected" | "warnings">,
  {
    url,
    isPull,
    isLog = false,
    seconds,
  }: { readonly url: string; readonly isPull: boolean; readonly isLog?: boolean; readonly seconds: number },
): string {
  const since = `for ${seconds} s`;
  const kind = warnings.map((warning) => /\bis an? (PUSH|PUB|XPUB|[A-Z]{3,})\b/.exec(warning)?.[1]).findLast(Boolean);
  if (kind === "PUSH" && !isPull) {
    return `${url} is a PUSH, which gives nothing to those who only watch; --pull takes messages from its other readers`;
  }
  if ((kind === "PUB" || kind === "XPUB") && isPull) return `${url} is a PUB; leave out --pull`;
  if (kind === "REP" || kind === "ROUTER")
    return `${url} is a ${kind}, which answers; --ask next asks for each message`;
  if (kind !== undefined) return `${url} is a ${kind}, which look cannot read; it reads PUB and PUSH`;
  if (isConnected !== true) {
    const trouble = warnings.findLast((warning) => !warning.includes("nobody answers"));
    const who = /^(tcp|ipc):/.test(url) ? "the sender running, does it bind there" : "it running";
    const why = trouble ?? `is ${who}, is a firewall in between?`;
    return `nobody answers at ${url} ${since}; ${why}`;
  }
  if (isLog) {
    return `connected, but nothing new came ${since}; the sender is idle, or see what stands there with ?from=oldest`;
  }
  if (!/^(tcp|ipc):/.test(url))
    return `connected, but nothing came ${since}; the sender is idle, or the name is another`;
  if (isPull) return `connected, but nothing came ${since}; the sender is idle, or deals its messages to other pullers`;
  return (
    `connected, but nothing came ${since}; the sender is idle, or a PUSH, which gives nothing to those who only watch: ` +
    "--pull takes messages from its other readers"
  );
}
