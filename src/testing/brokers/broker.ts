/** Is a message broker for tests, demos and benchmarks: one of its own, or one that runs already. */
export interface Broker extends AsyncDisposable {
  /** What it is and which version where that is known, for messages. */
  readonly name: string;
  /** Where clients connect: `redis://...` or `amqp://...`; for Kafka `host:port`, with commas where there are several. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** True where the environment named a running one: it can't be stopped, killed or paused, and outlives the test. */
  readonly attached: boolean;
  /** The folder of its data, its configuration and its log; empty where it is attached. */
  readonly folder: string;
  /** Ends it cleanly (SIGTERM) and keeps its data. */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL) and keeps its data. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data after `stop` or `kill`; resolves when its protocol answers. */
  start(): Promise<void>;
  /** Lets it stand still (SIGSTOP): its connections stay open and nobody answers. */
  pause(): void;
  /** Lets it go on (SIGCONT). */
  resume(): void;
  /** Gives the last lines of its log. */
  log(): string;
}

/** Configures how a broker is got. */
export interface BrokerOptions {
  /** Starts one even where the environment names a running one: for tests that stop or kill it. Default false. */
  readonly own?: boolean;
  /** How long a start may take, in milliseconds. Default 60 000. */
  readonly readyMs?: number;
}

/** How long a start may take unless said. */
export const READY_MS = 60_000;
