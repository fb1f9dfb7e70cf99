import type { Cluster, Redis } from "ioredis";
import { AbortedError, ConnectionError, MissingPackageError } from "../../errors.ts";
import { type Command, whole } from "./command.ts";
import { commandBytes } from "./command-bytes.ts";
import type { ConnectionPlan } from "./connection-options.ts";
import { redisError } from "./redis-errors.ts";

/** Who is asked and says nothing for so long is gone, though the connection stands. */
const SILENCE_MS = 20_000;

type Package = Pick<typeof import("ioredis"), "Redis" | "Command">;

/** Is one connection, or one to each node of a cluster. It never connects again: its block does, with its back-off. */
export class Link {
  /** Resolves with the reason when the connection is lost, or closed by us. */
  readonly lost: Promise<Error>;
  readonly #subject: string;
  readonly #plan: ConnectionPlan;
  readonly #client: Redis | Cluster;
  /** The one server to which commands can be written by us; undefined where the client has to look at their keys. */
  readonly #server: Redis | undefined;
  readonly #Command: Package["Command"];
  #isClosed = false;
  #isReleased = false;
  #unanswered = 0;
  #answeredAtMs = 0;
  readonly #watch: NodeJS.Timeout;

  private constructor(subject: string, plan: ConnectionPlan, { Redis, Command }: Package) {
    this.#subject = subject;
    this.#plan = plan;
    const client = made(Redis, plan);
    this.#client = client;
    this.#server = client instanceof Redis && !("keyPrefix" in plan.client) ? client : undefined;
    this.#Command = Command;
    let last: unknown = new Error("Connection is closed.");
    client.on("error", (error: unknown) => {
      last = error;
    });
    this.lost = new Promise((resolve) => {
      client.once("end", () => {
        this.#isClosed = true;
        clearInterval(this.#watch);
        resolve(this.error(last));
      });
    });
    this.#watch = setInterval(() => {
      if (this.#unanswered > 0 && performance.now() - this.#answeredAtMs > SILENCE_MS) this.close();
    }, SILENCE_MS / 4).unref();
  }

  /** Connects; throws AbortedError when the signal aborts first. */
  static async open(subject: string, plan: ConnectionPlan, signal: AbortSignal): Promise<Link> {
    const library = await loaded(subject);
    if (signal.aborted) throw new AbortedError(subject);
    const link = new Link(subject, plan, library);
    try {
      const lost = link.lost.then((error) => Promise.reject(error));
      await link.while(signal, Promise.race([link.#client.connect(), lost]));
    } catch (error) {
      link.close();
      if (signal.aborted) throw new AbortedError(subject);
      throw await link.#failure(error);
    }
    return link;
  }

  /** The connected socket, where there is one: a cluster has several. */
  get stream(): Redis["stream"] | undefined {
    return "stream" in this.#client ? this.#client.stream : undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The client itself, for subscriptions. */
  get client(): Redis | Cluster {
    return this.#client;
  }

  /** Sends a command; bulk strings come back as bytes. */
  async call([name, ...rest]: Command): Promise<unknown> {
    this.#asked();
    try {
      return await this.#client.callBuffer(name, rest.map(whole));
    } catch (error) {
      throw this.error(error);
    } finally {
      this.#answered();
    }
  }

  /** Sends commands in one go; throws the first error, or gives it in its place where `errors` says "give". */
  async callAll(commands: readonly Command[], errors: "throw" | "give" = "throw"): Promise<unknown[]> {
    const pipeline = this.#client.pipeline();
    for (const [name, ...rest] of commands) pipeline.callBuffer(name, ...rest.map(whole));
    let results: [Error | null, unknown][] | null;
    this.#asked();
    try {
      results = await pipeline.exec();
    } catch (error) {
      throw this.error(error);
    } finally {
      this.#answered();
    }
    if (results === null) throw new ConnectionError(`${this.#subject}: ${this.#plan.place} did not answer`);
    return results.map(([error, value]) => {
      if (error === null) return value;
      if (errors === "give" && !(this.error(error) instanceof ConnectionError)) return error;
      throw this.error(error);
    });
  }

  /** Sends commands in one go as `callAll` does; bytes in pieces, and large ones, are not copied. */
  async sendAll(commands: readonly Command[]): Promise<unknown[]> {
    const server = this.#server;
    if (server === undefined || commands.length === 0) return this.callAll(commands);
    this.#asked();
    try {
      const answers = this.#written(server, commands).map((promise) =>
        promise.catch((error: unknown) => new Failure(error)),
      );
      const results = await Promise.all(answers);
      const failed = results.find((result) => result instanceof Failure);
      if (failed !== undefined) throw this.error(failed.error);
      return results;
    } finally {
      this.#answered();
    }
  }

  #written(server: Redis, commands: readonly Command[]): Promise<unknown>[] {
    const { stream } = server;
    stream?.cork();
    const promises = commands.map((command) => {
      const one = new this.#Command(command[0], [], { replyEncoding: null });
      one.toWritable = () => {
        const chunks = commandBytes(command);
        for (const chunk of chunks.slice(0, -1)) stream.write(chunk);
        return chunks.at(-1) as Buffer;
      };
      void server.sendCommand(one);
      return one.promise;
    });
    stream?.uncork();
    return promises;
  }

  /** Classifies an error of the client. */
  error(error: unknown): Error {
    return redisError(this.#subject, this.#plan.place, error);
  }

  /** Waits for work over this connection, which ends with it when the signal aborts. */
  async while<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
    const stop = (): void => this.close();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await work;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Lets the process end although this connection is open; not while an answer is missing. */
  release(): void {
    this.#isReleased = true;
    if (this.#unanswered === 0) this.stream?.unref();
  }

  /** Closes at once; what has no answer fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#client.disconnect();
  }

  #asked(): void {
    if (this.#unanswered === 0) this.#answeredAtMs = performance.now();
    this.#unanswered += 1;
    if (this.#isReleased) this.stream?.ref();
  }

  #answered(): void {
    this.#unanswered -= 1;
    if (this.#isReleased && this.#unanswered === 0) this.stream?.unref();
    this.#answeredAtMs = performance.now();
  }

  /** Says why connecting failed: the client's own word is "closed", its reason came as an event before. */
  async #failure(error: unknown): Promise<Error> {
    const first = this.error(error);
    if (!/connection is closed/i.test(first.message)) return first;
    return Promise.race([this.lost, new Promise<Error>((resolve) => setImmediate(() => resolve(first)))]);
  }
}

/** Stands among the answers for one that is an error. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

async function loaded(subject: string): Promise<Package> {
  try {
    return await import("ioredis");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingPackageError("ioredis", subject, { cause: error });
  }
}

function made(Client: Package["Redis"], { url, cluster, client }: ConnectionPlan): Redis | Cluster {
  const ours = {
    ...client,
    lazyConnect: true,
    // The shapes of answers differ between the protocols; this one is spoken by every version.
    protocol: 2,
    enableOfflineQueue: false,
    // It asks by INFO, which a user may not be allowed; LOADING is a retryable error here.
    enableReadyCheck: false,
    disableClientInfo: true,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
  } as const;
  if (cluster !== undefined) {
    const { enableOfflineQueue: _ofOne, ...ofNodes } = ours;
    // Its nodes are connected to when they are first needed: until then what is for them waits.
    return new Client.Cluster([...cluster], {
      lazyConnect: true,
      enableOfflineQueue: true,
      enableReadyCheck: false,
      clusterRetryStrategy: () => null,
      redisOptions: ofNodes,
    });
  }
  const options = { ...ours, retryStrategy: () => null, sentinelRetryStrategy: () => null };
  return url === undefined ? new Client(options) : new Client(url, options);
}
