import type { Codec } from "../../message/codec.ts";
import { limitsOf } from "../../message/limits.ts";
import { rawCodec } from "../../message/raw-codec.ts";
import { type Certainty, lookOf, type Sign, signsOf } from "./signs.ts";

/** Is the format that messages are taken to be in. */
export interface Guess {
  readonly codec: Codec;
  /** `unknown`: in none that there is; then the codec is `raw`. */
  readonly certainty: Certainty | "unknown" | "given";
  /** What the messages look like, where the format is unknown; or what else they could be in. */
  readonly note: string | undefined;
}

/** Gives the codec of a format. */
export type LoadCodec = (format: string, options?: Readonly<Record<string, unknown>>) => Promise<Codec>;

type Wire = readonly Uint8Array[];

/** A format must explain these parts of the messages, or another one is looked for. */
const MOST = 0.5;
const WEIGHT: Readonly<Record<Certainty, number>> = { sure: 4, likely: 2, possible: 1 };

/**
 * Guesses the format of messages: by what tells each format from the others, and then by reading them with its codec. A
 * format that only looks right and cannot be read is not taken.
 */
export async function guess(messages: readonly Wire[], load: LoadCodec): Promise<Guess> {
  const found = new Map<string, Sign & { readonly weight: number }>();
  for (const frames of messages) {
    for (const sign of signsOf(frames)) {
      const key = JSON.stringify([sign.format, sign.options]);
      const before = found.get(key);
      const best = before === undefined || WEIGHT[sign.certainty] > WEIGHT[before.certainty] ? sign : before;
      found.set(key, { ...best, weight: (before?.weight ?? 0) + WEIGHT[sign.certainty] });
    }
  }
  const candidates = [...found.values()].sort((one, other) => other.weight - one.weight);
  const others: string[] = [];
  let best: { codec: Codec; certainty: Certainty } | undefined;
  for (const { format, certainty, options } of candidates) {
    const codec = await load(format, options);
    if (readable(codec, messages) < MOST) continue;
    if (best === undefined) best = { codec, certainty };
    else others.push(format);
  }
  if (best === undefined) return { codec: rawCodec, certainty: "unknown", note: lookOf(messages[0] ?? []) };
  const note = best.certainty === "sure" || others.length === 0 ? undefined : `or ${others.join(", ")}`;
  return { ...best, note };
}

/** Tells how sure a guess is, as it is printed. */
export function guessText({ codec, certainty, note }: Guess): string {
  if (certainty === "given") return codec.name;
  if (certainty === "unknown") return `unknown format: ${note ?? "bytes"}`;
  return `${codec.name} (${certainty}${note === undefined ? "" : `, ${note}`})`;
}

/** Gives the part of the messages that a codec can read. */
function readable(codec: Codec, messages: readonly Wire[]): number {
  const read = codec.reader(limitsOf(codec));
  let good = 0;
  for (const frames of messages) {
    try {
      read(frames);
      good += 1;
    } catch {
      // Counted by what is missing.
    }
  }
  return messages.length === 0 ? 0 : good / messages.length;
}
