import type { FlushReason } from "../context.ts";
import type { ErrorForm } from "./error-form.ts";
import type { LifecycleForm, MessageForm } from "./message-form.ts";
import type { ResultForm } from "./result-form.ts";
import type { SlotNews } from "./slots.ts";

/** What a thread is started with. */
export interface ThreadData {
  /** The module to run after TypeScript can be read. */
  readonly entry: string;
  /** The module that lets TypeScript be read; undefined where nothing is needed. */
  readonly loader: string | undefined;
  readonly module: string;
  readonly export: string | undefined;
  readonly options: unknown;
  readonly hasOptions: boolean;
}

/** What a thread is asked to do with its operator. */
export type Work =
  | { readonly call: "process"; readonly message: MessageForm; readonly attempt: number; readonly stream: string }
  | { readonly call: "flush"; readonly reason: FlushReason }
  | { readonly call: "merge"; readonly stops: readonly LifecycleForm[] };

/** What a thread is told. */
export type Request =
  | { readonly type: "work"; readonly id: number; readonly work: Work; readonly news: SlotNews | undefined }
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "leave"; readonly run: string; readonly stream: string }
  | { readonly type: "close" };

/** What the operator asked of its context, in order; a number is for `flushIn`. */
export type Effect = "hold" | "release" | number;

/** What a thread tells. */
export type Reply =
  | { readonly type: "ready"; readonly name: string; readonly mergesRuns: boolean; readonly mergesStops: boolean }
  | { readonly type: "unready"; readonly error: ErrorForm }
  | {
      readonly type: "done";
      readonly id: number;
      readonly results: readonly ResultForm[];
      readonly effects: readonly Effect[];
    }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorForm }
  | { readonly type: "closed"; readonly error: ErrorForm | undefined };
