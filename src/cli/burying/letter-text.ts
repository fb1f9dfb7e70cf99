import type { DeadLetter } from "../../dead-letters/dead-letter.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytes } from "../drawing/quantity.ts";
import { tableLines } from "../drawing/table.ts";
import { fitted, harmless } from "../drawing/text-width.ts";
import { drawTree } from "../drawing/tree.ts";
import { fieldsOf } from "../looking/shown-message.ts";
import type { Placed } from "./letter-places.ts";

const MOST_REASON = 60;
const MOST_LINES = 60;

/** Lists letters as a table. */
export function letterTable(letters: readonly Placed[]): string[] {
  const rows = letters.map(({ summary }) => {
    const { id, timeMs, block, step, run = "-", attempt, bytes: size, error } = summary;
    const reason = harmless(error.message.split("\n")[0] ?? "");
    return {
      cells: [id, timeOf(timeMs), harmless(block), step, harmless(run), String(attempt), bytes(size)],
      reason: fitted(reason, Math.min(MOST_REASON, reason.length)).trimEnd(),
    };
  });
  const lines = tableLines([
    ["id", "time", "block", "step", "run", "tries", "size"],
    ...rows.map(({ cells }) => cells),
  ]);
  return lines.map((line, index) => `${line}  ${index === 0 ? "reason" : rows[index - 1]?.reason}`);
}

/** Says all about a letter; `messages` are what its bytes hold, where they can be read. */
export function letterLines(
  letter: DeadLetter,
  folder: string,
  { messages, format }: { readonly messages: readonly AnyMessage[]; readonly format: string },
): string[] {
  const { id, timeMs, block, listener, run, stream, origin, step, attempt, codec, error, frames } = letter;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["letter", id],
    ["folder", folder],
    ["time", timeOf(timeMs)],
    ["block", block],
    ["listener", listener],
    ["step", `${step}, tried ${attempt} ${attempt === 1 ? "time" : "times"}`],
    ["run", run],
    ["stream", stream],
    [
      "origin",
      origin && `${[origin.stream, origin.partition].filter((part) => part !== "").join(" ")} ${origin.sequence}`,
    ],
    ["codec", codec],
    ["frames", frames.map(({ byteLength }) => bytes(byteLength)).join(", ")],
  ];
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return [
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${harmless(value)}`])),
    "",
    ...stack.split("\n").map(harmless),
    "",
    ...messages.flatMap((message) => [
      `${message.type} (${format})`,
      ...drawTree(fieldsOf(message as never, format === "raw"), { maxLines: MOST_LINES }),
      ...(message.type === "event" ? drawTree({ payload: message.payload }, { maxLines: 1 }) : []),
    ]),
    ...(messages.length === 0 ? ["its bytes are in no form that can be read"] : []),
  ];
}

/** Gives a letter for programs. */
export function letterFacts({ frames, ...facts }: DeadLetter, folder: string): object {
  const encoded = frames.map((frame) =>
    Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("base64"),
  );
  return { folder, ...facts, frames: encoded };
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("T", " ").slice(0, 19);
}
