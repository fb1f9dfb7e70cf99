import type { FaultCase, ReaderName } from "../cases.ts";
import type { Turn } from "./stages.ts";

/** Describes a worker. */
export interface WorkerOptions {
  readonly reader: ReaderName;
  /** Where the broker is: a url, or `host:port` for Kafka. */
  readonly url: string;
  readonly from: string;
  readonly to: string;
  /** Which of several workers it is. */
  readonly name: string;
  readonly work: FaultCase["work"];
  readonly turns: readonly Turn[];
  /** The numbers of events over which the operator fails. */
  readonly poison: readonly number[];
  /** Another worker shares the source. */
  readonly shared: boolean;
  readonly deadLetters?: { readonly path: string; readonly maxBytes?: number };
}

/** What a worker says. */
export type WorkerWord =
  | { readonly say: "ready" }
  | { readonly say: "at"; readonly stage: string; readonly number: number }
  | { readonly say: "retrying"; readonly part: string; readonly detail: string }
  | { readonly say: "account"; readonly account: object };

/** The only order: to go on where it waits. */
export type WorkerOrder = "go";

/** All signs of life are quick, so that a case need not wait for long. */
export const SESSION_MS = 1_500;
