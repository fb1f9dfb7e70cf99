import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text, UsageError } from "../errors.ts";
import { healthOf } from "./health.ts";
import { blockMetrics } from "./metrics.ts";
import type { Observed } from "./observed.ts";
import { type Metric, PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
import { Watched } from "./watched.ts";

/** Says where metrics are served, and of what. */
export interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Beyond this age of an unfinished message the process is not ready; default 30 000. */
  readonly maxStallMs?: number;
  /** Takes secrets out of a text: reasons of drops come from anywhere. */
  readonly redact?: (text: string) => string;
}

const MAX_STALL_MS = 30_000;
/** Between two looks, where the block does not measure ages itself. */
const LOOK_MS = 1000;
const PLAIN = "text/plain; charset=utf-8";

/** Serves `/metrics`, `/livez` and `/readyz` over HTTP; reads the blocks only when asked. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #blocks: readonly Watched[];
  readonly #looking: NodeJS.Timeout;

  private constructor(server: Server, blocks: readonly Watched[], looking: NodeJS.Timeout) {
    this.#server = server;
    this.#blocks = blocks;
    this.#looking = looking;
  }

  /** Starts to serve; rejects when the address cannot be had. */
  static async open(blocks: readonly Observed[], options: MetricsServerOptions): Promise<MetricsServer> {
    const { host, port, maxStallMs = MAX_STALL_MS, redact = (text) => text } = options;
    const watched = blocks.map((block) => new Watched(block, performance.now()));
    const looking = setInterval(() => {
      for (const one of watched) one.stalledMs(performance.now());
    }, LOOK_MS).unref();
    const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
      // What is asked for is nobody's word: neither kept nor printed.
      request.resume();
      const reply = (status: number, type: string, body: string): void => {
        response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
        response.end(request.method === "HEAD" ? undefined : body);
      };
      const path = (request.url ?? "").split("?", 1)[0];
      if (request.method !== "GET" && request.method !== "HEAD") return reply(405, PLAIN, "only GET and HEAD\n");
      if (path === "/livez") return reply(200, PLAIN, "ok\n");
      const nowMs = performance.now();
      if (path === "/readyz") {
        const { isReady, reasons } = healthOf(watched, nowMs, maxStallMs);
        return reply(isReady ? 200 : 503, PLAIN, isReady ? "ok\n" : redact(`${reasons.join("\n")}\n`));
      }
      if (path !== "/metrics") return reply(404, PLAIN, "there are /metrics, /livez and /readyz\n");
      return reply(200, PROMETHEUS_TYPE, prometheusText([...blockMetrics(watched, nowMs), memory()], redact));
    });
    server.unref();
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (error) {
      clearInterval(looking);
      for (const one of watched) one[Symbol.dispose]();
      throw new UsageError(`--metrics: ${host}:${port} cannot be served: ${text(error)}; take another port`);
    }
    return new MetricsServer(server, watched, looking);
  }

  /** The address, with its real port: `http://127.0.0.1:9464`. */
  get url(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) return "";
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    for (const one of this.#blocks) one[Symbol.dispose]();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function memory(): Metric {
  return {
    name: "arroyo_memory_resident_bytes",
    type: "gauge",
    help: "Resident memory of this process.",
    samples: [{ labels: {}, value: process.memoryUsage.rss() }],
  };
}
