/** Bounds what a reader accepts from outside; each is checked before anything is allocated. */
export interface Limits {
  readonly maxMessageBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxFrames: number;
  readonly maxDepth: number;
}

/** The bounds that hold unless others are given. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxMessageBytes: 256 * 1024 * 1024,
  maxHeaderBytes: 1024 * 1024,
  maxFrames: 64,
  maxDepth: 64,
});

/** Gives the bounds for the messages of a format: the usual ones, where the format does not know better. */
export function limitsOf({ limits }: { readonly limits?: Partial<Limits> }): Limits {
  return limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits };
}
