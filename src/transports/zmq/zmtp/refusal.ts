/** Says why a peer is disconnected; the others do not notice. */
export class Refusal extends Error {
  /** What the peer is told in an ERROR command, where it can be told. */
  readonly told: string | undefined;

  constructor(reason: string, told?: string) {
    super(reason);
    this.name = "Refusal";
    this.told = told;
  }
}

const LONGEST = 40;

/** Makes a piece of foreign text fit for a message: short, and without anything but letters. */
export function quoted(text: string): string {
  return text.slice(0, LONGEST).replaceAll(/[^ -~]/g, "?");
}
