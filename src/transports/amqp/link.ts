import { connect as connectSocket } from "node:net";
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { AbortedError, type ArroyoError } from "../../errors.ts";
import { amqpError } from "./amqp-errors.ts";
import { release, Valve } from "./client-insides.ts";
import type { ConnectionPlan } from "./connection-options.ts";
import { loadAmqplib } from "./load-amqplib.ts";

/** Who is asked and says nothing for so long is gone, though the connection stands. */
const SILENCE_MS = 20_000;
/** How long the other side may take to say good-bye. */
const CLOSE_MS = 2_000;

/** Is one channel, with the reason of its end. */
export interface OpenChannel<C extends Channel = Channel> {
  readonly channel: C;
  /** Resolves with the reason when the channel or its connection is lost, or closed by us. */
  readonly lost: Promise<ArroyoError>;
  readonly isClosed: boolean;
}

/** Is one connection. It never connects again: its block does, with its back-off. */
export class Link {
  /** Resolves with the reason when the connection is lost, or closed by us. */
  readonly lost: Promise<ArroyoError>;
  readonly valve: Valve;
  readonly #subject: string;
  readonly #place: string;
  readonly #model: ChannelModel;
  readonly #cut: AbortController;
  #last: unknown = new Error("Connection closed");
  #isClosed = false;
  readonly #channels = new Set<Channel>();

  private constructor(subject: string, plan: ConnectionPlan, model: ChannelModel, cut: AbortController) {
    this.#subject = subject;
    this.#place = plan.place;
    this.#model = model;
    this.#cut = cut;
    this.valve = new Valve(model);
    model.on("error", (error: unknown) => {
      this.#last = error;
    });
    this.lost = new Promise((resolve) => {
      model.once("close", (error?: unknown) => {
        this.#isClosed = true;
        this.valve.open();
        resolve(this.error(error ?? this.#last));
      });
    });
  }

  /** Connects; throws AbortedError when the signal aborts first. */
  static async open(subject: string, plan: ConnectionPlan, signal: AbortSignal): Promise<Link> {
    const { connect } = await loadAmqplib(subject);
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    if (signal.aborted) throw new AbortedError(subject);
    signal.addEventListener("abort", stop, { once: true });
    const late = setTimeout(stop, SILENCE_MS);
    try {
      const ended = new Promise<never>((_, reject) => {
        cut.signal.addEventListener("abort", () => reject(new Error("connect ETIMEDOUT")), { once: true });
      });
      const connecting = connect(place(plan), socketOptions(plan, cut.signal)).then((model) => {
        // One that comes too late is cut off, and nobody else listens to its error.
        model.on("error", () => undefined);
        return model;
      });
      const model = await Promise.race([connecting, ended]);
      return new Link(subject, plan, model, cut);
    } catch (error) {
      cut.abort();
      if (signal.aborted) throw new AbortedError(subject);
      throw amqpError(subject, plan.place, error);
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Names the other side, without user and password. */
  get place(): string {
    return this.#place;
  }

  /** What the broker says that it is: `RabbitMQ 4.0.5`. */
  get server(): string {
    const { product = "AMQP", version = "" } = this.#model.connection.serverProperties;
    return `${product} ${version}`.trim();
  }

  /** Hears that the broker takes nothing from publishers, and why. */
  onBlocked(tell: (reason: string) => void): void {
    this.#model.on("blocked", tell);
  }

  channel(): Promise<OpenChannel> {
    return this.#opened(() => this.#model.createChannel());
  }

  confirmChannel(): Promise<OpenChannel<ConfirmChannel>> {
    return this.#opened(() => this.#model.createConfirmChannel());
  }

  /** Classifies an error of the client. */
  error(error: unknown): ArroyoError {
    return amqpError(this.#subject, this.#place, error);
  }

  /** Waits for work over this connection, which ends with it when the signal aborts, or when nothing is answered. */
  async while<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
    const stop = (): void => this.cut();
    signal.addEventListener("abort", stop, { once: true });
    const late = setTimeout(stop, SILENCE_MS);
    if (signal.aborted) stop();
    try {
      return await Promise.race([work, this.lost.then((error) => Promise.reject(error))]);
    } catch (error) {
      if (signal.aborted) throw new AbortedError(this.#subject);
      throw this.error(error);
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Lets the process end although this connection is open. */
  release(): void {
    if (!this.#isClosed) release(this.#model);
  }

  /** Ends it at once. */
  cut(): void {
    this.#cut.abort();
  }

  /** Closes after what was sent has left; who does not answer is cut off. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.valve.open();
    const late = setTimeout(() => this.cut(), CLOSE_MS);
    try {
      // What was sent over a channel and has not left would be overtaken by the good-bye of the connection.
      const channels = [...this.#channels].map((channel) => channel.close().catch(() => undefined));
      await Promise.race([Promise.all(channels), this.lost]);
      if (!this.#isClosed) await Promise.race([this.#model.close().catch(() => undefined), this.lost]);
    } catch {
      // The client throws where the connection is lost already.
    } finally {
      clearTimeout(late);
      this.cut();
    }
  }

  async #opened<C extends Channel>(open: () => Promise<C>): Promise<OpenChannel<C>> {
    try {
      const channel = await open();
      this.#channels.add(channel);
      const state = { isClosed: false };
      let last: unknown;
      channel.on("error", (error: unknown) => {
        last = error;
      });
      const lost = new Promise<ArroyoError>((resolve) => {
        channel.once("close", () => {
          state.isClosed = true;
          this.#channels.delete(channel);
          resolve(this.error(last ?? this.#last));
        });
      });
      return {
        channel,
        lost,
        get isClosed() {
          return state.isClosed;
        },
      };
    } catch (error) {
      throw this.error(error);
    }
  }
}

function place(plan: ConnectionPlan): Parameters<typeof import("amqplib").connect>[0] {
  const { host, port, isSecure, vhost, username, password, heartbeatSeconds } = plan;
  return {
    protocol: isSecure ? "amqps" : "amqp",
    hostname: host,
    port,
    vhost: encodeURIComponent(vhost),
    username,
    password,
    heartbeat: heartbeatSeconds,
  };
}

/** The signal destroys the socket, also while the client still waits for the first word. */
function socketOptions(plan: ConnectionPlan, signal: AbortSignal): Record<string, unknown> {
  const { host, port, isSecure, tls, connectionName } = plan;
  const shared = {
    noDelay: true,
    keepAlive: true,
    clientProperties: connectionName === undefined ? {} : { connection_name: connectionName },
  };
  if (!isSecure) return { ...shared, signal };
  return { ...shared, ...tls, socket: connectSocket({ host, port, signal }) };
}
