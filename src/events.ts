/** What a block tells while it runs: each name with what its news holds. */
export interface BlockEvents {
  /** A run opened or ended. */
  run: {
    readonly block: string;
    readonly stream: string;
    readonly run: string;
    readonly what: "opened" | "ended";
    readonly reason?: string;
  };
  /** Messages are known to be lost before they came here. */
  lost: { readonly block: string; readonly stream: string; readonly run?: string; readonly messages: number };
  /** How many messages of a listener's source are not finished here; told every few seconds where it can be asked for. */
  lag: {
    readonly block: string;
    readonly part: string;
    readonly messages: number;
    /** The same for each partition, where there are some. */
    readonly partitions?: Readonly<Record<string, number>>;
  };
  /** The block, or one of its listeners and publishers, entered another state. */
  state: {
    readonly block: string;
    readonly part: string;
    readonly state: State;
    /** Why, where something went wrong. */
    readonly detail?: string;
    /** While a part is `connecting` or `retrying`: which attempt this is, or will be, since it was last connected. */
    readonly attempt?: number;
    /** While it is `retrying`: how long it waits before, in milliseconds. */
    readonly delayMs?: number;
  };
  /** A message was put into the dead letters. */
  "dead-letter": { readonly block: string; readonly id: string; readonly step: string; readonly reason: string };
  /** Something that a person should know and that is not an error. */
  warning: { readonly block: string; readonly message: string };
}

/** Names the states that a block and its parts go through. */
export type State =
  | "starting"
  | "connecting"
  | "ready"
  | "connected"
  | "disconnected"
  | "retrying"
  | "draining"
  | "ended"
  | "failed";

/** Tells a piece of news; what stands behind it is the block's business. */
export type Tell = <E extends keyof BlockEvents>(event: E, news: Omit<BlockEvents[E], "block">) => void;
