import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { UsageError } from "../../errors.ts";

/** Configures a proxy. */
export interface ProxyOptions {
  /** The port of the loopback interface that it leads to; may be given later by `leadTo`. */
  readonly port?: number;
}

/** What happens to the bytes of connections: they pass, stand still, or go only to the broker. */
type Passing = "both" | "none" | "questions";

/** Stands between a client and a broker, and breaks what the network breaks: connections, answers, time. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #target: number | undefined;
  #passing: Passing = "both";
  #refusing = false;

  /** Listens already; made by `startProxy`. */
  constructor(server: Server, target: number | undefined) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#take(client));
  }

  get host(): string {
    return "127.0.0.1";
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections go through. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Says where new connections lead: a broker that must know the proxy's port is started after it. */
  leadTo(port: number): void {
    this.#target = port;
  }

  /** Breaks all connections at once, as a reset; new ones pass. */
  cut(): void {
    for (const [client, broker] of this.#pairs) {
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Breaks all connections and refuses new ones until `resume`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Lets all connections stand still, new ones too: open, and nothing comes or goes. */
  stall(): void {
    this.#set("none");
  }

  /** Lets questions pass and throws their answers away; a connection that lost some is of no use afterwards. */
  dropAnswers(): void {
    this.#set("questions");
  }

  /** Lets everything pass again; connections that lost answers are cut. */
  resume(): void {
    if (this.#passing === "questions") this.cut();
    this.#refusing = false;
    this.#set("both");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #set(passing: Passing): void {
    this.#passing = passing;
    for (const pair of this.#pairs) this.#apply(pair);
  }

  #take(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    if (this.#target === undefined) throw new UsageError("proxy: it leads nowhere; call leadTo(port) first");
    const broker = connect({ port: this.#target, host: "127.0.0.1" });
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, pair.toReversed() as [Socket, Socket]]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        if (from === broker && this.#passing === "questions") return;
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => {
        if (this.#passing !== "none") from.resume();
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
    this.#apply(pair);
  }

  #apply(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) {
      if (this.#passing === "none") socket.pause();
      else socket.resume();
    }
  }
}

/** Starts a proxy at a free port of the loopback interface. */
export async function startProxy({ port }: ProxyOptions = {}): Promise<TcpProxy> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new TcpProxy(server, port);
}
