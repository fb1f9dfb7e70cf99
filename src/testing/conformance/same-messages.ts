import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, isNdArray } from "../../message/ndarray.ts";

/** Fails unless both lists hold the same messages in the same order, content and bytes; origins count where expected. */
export function assertSameMessages(actual: readonly AnyMessage[], expected: readonly AnyMessage[]): void {
  for (const [index, message] of expected.entries()) {
    const found = actual[index];
    if (found === undefined) break;
    const wanted = plain(message);
    const got = plain(found);
    if (message.envelope.origin === undefined) delete got["origin"];
    assert.deepStrictEqual(got, wanted, `message ${index} of ${expected.length} differs${difference(got, wanted)}`);
  }
  assert.equal(actual.length, expected.length, `expected ${expected.length} messages, got ${actual.length}`);
}

/** Gives everything that a message says as a plain value; long bytes as their digest. */
export function plain(message: AnyMessage): Record<string, unknown> {
  const { key, timeMs, origin, headers, trace } = message.envelope;
  const content =
    message.type === "event"
      ? { metadata: value(message.metadata), payload: value(message.payload) }
      : { data: value(message.data) };
  return defined({
    type: message.type,
    run: message.run,
    ...content,
    ...(message.type === "start" ? { resumed: message.resumed } : {}),
    ...(message.type === "stop" ? { reason: message.reason } : {}),
    key,
    timeMs,
    origin: value(origin),
    headers: value(headers),
    trace: value(trace),
  });
}

function value(of: unknown): unknown {
  if (isNdArray(of)) return { dtype: of.dtype, shape: [...of.shape], bytes: digest(bytesOf(of)) };
  if (ArrayBuffer.isView(of)) return { bytes: digest(new Uint8Array(of.buffer, of.byteOffset, of.byteLength)) };
  if (Array.isArray(of)) return of.map(value);
  if (typeof of !== "object" || of === null) return of;
  return defined(Object.fromEntries(Object.entries(of).map(([name, member]) => [name, value(member)])));
}

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, member]) => member !== undefined));
}

function digest(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64)).toString("hex");
  if (bytes.byteLength <= 64) return start;
  return `${start}... ${bytes.byteLength} bytes, sha256 ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Names the members that differ, because a diff is not shown by every runner. */
function difference(got: Record<string, unknown>, wanted: Record<string, unknown>): string {
  const names = new Set([...Object.keys(got), ...Object.keys(wanted)]);
  const different = [...names].filter((name) => show(got[name]) !== show(wanted[name]));
  return different.map((name) => `\n  ${name}: expected ${show(wanted[name])}, got ${show(got[name])}`).join("");
}

function show(of: unknown): string {
  const text = JSON.stringify(of, (_name, member) => (typeof member === "bigint" ? `${member}n` : member)) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
