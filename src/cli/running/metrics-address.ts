import { UsageError } from "../../errors.ts";

/** Says where metrics are served. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`, `PORT` or `[IPv6]:PORT`. */
export function metricsAddress(given: string | undefined): MetricsAddress | undefined {
  if (given === undefined) return undefined;
  const [, host, port] = /^(?:(\[[^\]]+\]|[^:]*):)?(\d+)$/.exec(given) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(`--metrics: "${given}" is no address; write HOST:PORT, such as 127.0.0.1:9464`);
  }
  return { host: host === undefined || host === "" ? "127.0.0.1" : host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
