/** Names a message for good: the stream, partition and sequence that it had at its first source. */
export interface Origin {
  readonly stream: string;
  readonly partition: string;
  readonly sequence: number;
}

/** Pairs of names and values in order; a name may stand more than once. */
export type Headers = readonly (readonly [string, string | Uint8Array])[];

/** Carries a W3C trace context. */
export interface Trace {
  /** The `traceparent` text. */
  readonly parent: string;
  /** The `tracestate` text. */
  readonly state?: string;
}

/** Holds what travels around the content of a message, unchanged from hop to hop. */
export interface Envelope {
  readonly run?: string;
  readonly key?: string;
  /** Milliseconds since 1970 UTC; fractions are kept. */
  readonly timeMs?: number;
  readonly origin?: Origin;
  readonly headers?: Headers;
  readonly trace?: Trace;
}

type Writable = { -readonly [K in keyof Envelope]: Envelope[K] };

/** Puts what is missing in one envelope from another one; gives `own` itself when it is the other one. */
export function completed(own: Envelope, parent: Envelope): Envelope {
  if (own === parent) return own;
  // Key by key: spreading objects of ever other shapes costs forty times as much.
  const whole: Writable = {};
  const run = own.run ?? parent.run;
  if (run !== undefined) whole.run = run;
  const key = own.key ?? parent.key;
  if (key !== undefined) whole.key = key;
  const timeMs = own.timeMs ?? parent.timeMs;
  if (timeMs !== undefined) whole.timeMs = timeMs;
  const origin = own.origin ?? parent.origin;
  if (origin !== undefined) whole.origin = origin;
  const headers = own.headers ?? parent.headers;
  if (headers !== undefined) whole.headers = headers;
  const trace = own.trace ?? parent.trace;
  if (trace !== undefined) whole.trace = trace;
  return whole;
}
