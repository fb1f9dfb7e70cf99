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

const NOTHING: Envelope = Object.freeze({});

/** Puts what is missing in one envelope from another one; gives `own` itself when nothing is missing. */
export function completed(own: Envelope, parent: Envelope): Envelope {
  if (own === parent) return own;
  const run = own.run ?? parent.run;
  const key = own.key ?? parent.key;
  const timeMs = own.timeMs ?? parent.timeMs;
  const origin = own.origin ?? parent.origin;
  const headers = own.headers ?? parent.headers;
  const trace = own.trace ?? parent.trace;
  return {
    ...(run === undefined ? NOTHING : { run }),
    ...(key === undefined ? NOTHING : { key }),
    ...(timeMs === undefined ? NOTHING : { timeMs }),
    ...(origin === undefined ? NOTHING : { origin }),
    ...(headers === undefined ? NOTHING : { headers }),
    ...(trace === undefined ? NOTHING : { trace }),
  };
}
