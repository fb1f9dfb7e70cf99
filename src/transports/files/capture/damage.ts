/** Says which part of a capture cannot be read, and why. */
export interface Damage {
  /** The file. */
  readonly path: string;
  /** Where the part begins and ends. */
  readonly from: number;
  readonly to: number;
  /** What is wrong, in words. */
  readonly what: string;
  /** Messages that are gone with it; undefined where nothing behind it says how many. */
  readonly messages: number | undefined;
}

/** Says it in one line. */
export function damageText({ path, from, to, what, messages }: Damage): string {
  const lost = messages === undefined ? "" : messages === 1 ? "; 1 message is gone" : `; ${messages} messages are gone`;
  return `${path}: bytes ${from} to ${to}: ${what}${lost}; what stands before and behind is read`;
}
