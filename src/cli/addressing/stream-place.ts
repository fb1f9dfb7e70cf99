/** Says what a place is wanted for: to read from it, to publish to it, or only to look whether it is well. */
export type Purpose = "read" | "publish" | "examine";

/** Is a place of a stream that an address names: which listener or publisher leads there, and with which options. */
export interface StreamPlace {
  /** Its name in configurations. */
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The address without user, password and token. */
  readonly shown: string;
  /** What must be kept out of everything that is printed. */
  readonly secrets: readonly string[];
  /** Why reading takes messages away from others; undefined where it does not. */
  readonly takes?: string;
}

/** Says who asks for a place, and what for. */
export interface Asked {
  /** The name of the command, which begins its errors. */
  readonly command: string;
  readonly purpose: Purpose;
  /** For publishers: whether somebody who reads is waited for. */
  readonly waits: boolean;
  readonly cwd: string;
}
