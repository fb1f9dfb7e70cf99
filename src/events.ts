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
  /** The block, or one of its listeners and publishers, entered another state. */
  state: { readonly block: string; readonly part: string; readonly state: State; readonly detail?: string };
  /** A message was put into the dead letters. */
  "dead-letter": { readonly block: string; readonly id: string; readonly step: string; readonly reason: string };
  /** Something that a person should know and that is not an error. */
  warning: { readonly block: string; readonly message: string };
}

/** Names the states that a block and its parts go through. */
export type State = "starting" | "ready" | "connected" | "disconnected" | "retrying" | "draining" | "ended" | "failed";

/** Tells a piece of news; what stands behind it is the block's business. */
export type Tell = <E extends keyof BlockEvents>(event: E, news: Omit<BlockEvents[E], "block">) => void;
