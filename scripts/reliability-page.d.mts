/** Writes lines into docs/reliability.md, between the markers of whoever writes them. */
export function writeReliability(name: string, lines: readonly string[], by?: string): void;
