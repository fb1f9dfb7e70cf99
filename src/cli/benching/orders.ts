/** Is what a process of a measurement does: makes messages, passes them on, or counts them. */
export type Order =
  | {
      readonly role: "source";
      readonly to: string;
      readonly bytes: number;
      /** Messages per second; undefined: as many as are taken. */
      readonly rate: number | undefined;
    }
  | { readonly role: "block" | "bare"; readonly from: string; readonly to: string; readonly bytes: number }
  | {
      readonly role: "sink";
      readonly at: string;
      readonly bytes: number;
      readonly warmUpMs: number;
      readonly forMs: number;
    };

/** Is what a process says. */
export type Word =
  | { readonly what: "ready" }
  | { readonly what: "failed"; readonly message: string }
  | {
      readonly what: "counted";
      readonly perSecond: number;
      /** How long messages were under way, in milliseconds. */
      readonly p50: number;
      readonly p99: number;
      /** Events that did not come, or came twice or in another order. */
      readonly wrong: number;
    };

/** What may wait in a socket: what is more only makes messages old. */
const WAITING_BYTES = 16_000_000;
const MOST_WAITING = 1000;

/** Gives how many messages of a size may wait in a socket. */
export function waitingOf(bytes: number): number {
  return Math.max(8, Math.min(MOST_WAITING, Math.floor(WAITING_BYTES / bytes)));
}
