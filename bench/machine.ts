import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** Says on what machine, when and beside how much other work the figures were taken. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  return `${date} UTC, Node ${process.versions.node}, ${availableParallelism()} cores (${model}), ${memory}, ${platform()} ${release()} ${arch()}, load before it began ${load()}`;
}

/** Gives the load of the last minute. */
export function load(): string {
  return (loadavg()[0] as number).toFixed(2);
}
