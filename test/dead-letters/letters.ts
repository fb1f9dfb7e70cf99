import type { DeadLetter, DeadLetterSummary } from "../../src/dead-letters/dead-letter.ts";
import type { DeadLetterStore } from "../../src/dead-letters/dead-letter-store.ts";

/** Makes a letter; what is not given is the least that a letter has. */
export function letter(id: string, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    frames: [new Uint8Array([1, 2, 3])],
    codec: "arroyo/1",
    block: "reduce",
    step: "process",
    error: { name: "TypeError", message: "no pixels" },
    attempt: 1,
    timeMs: 1_700_000_000_000,
    ...more,
  };
}

/** Is a letter that has one of everything. */
export const FULL_LETTER: DeadLetter = letter("018bcfe56800-one-of-everything", {
  frames: [new Uint8Array(0), new Uint8Array([0, 10, 13, 255]), Buffer.from("{\n}\n"), new Uint8Array(5_000).fill(7)],
  listener: "zmq tcp://127.0.0.1:5555",
  run: 'scan "7"\n\u2028 \ud800',
  stream: "détecteur",
  origin: { stream: "détecteur", partition: "", sequence: 12 },
  step: "decode",
  error: { name: "RejectedError", code: "REJECTED", message: "line\nbreak", stack: "RejectedError: line\n  at x" },
  attempt: 3,
  timeMs: 1_700_000_000_000.25,
});

/** Lists all that a store has. */
export async function listed(store: DeadLetterStore): Promise<DeadLetterSummary[]> {
  const summaries: DeadLetterSummary[] = [];
  for await (const summary of store.list()) summaries.push(summary);
  return summaries;
}

/** Lists the ids of letters, and the names and reasons of what was skipped. */
export async function told(store: DeadLetterStore): Promise<string[]> {
  return (await listed(store)).map((one) => (one.type === "letter" ? one.id : `${one.file}: ${one.reason}`));
}
