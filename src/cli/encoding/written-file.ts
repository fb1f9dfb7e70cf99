/** Is a wire message on its way into a file. */
export interface WireMessage {
  readonly format: string;
  /** Its name, also that of its file. */
  readonly name: string;
  readonly frames: readonly Uint8Array[];
  readonly framing?: "messages";
  /** The name of the message that a reader must have seen before. */
  readonly after?: string;
  readonly serializer?: string;
  readonly params?: unknown;
}

/** Gives the container of a message: one line of JSON, as `arroyo decode` reads it. */
export function containerLine({ frames, ...message }: WireMessage): string {
  const texts = frames.map((frame) => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("base64"));
  return JSON.stringify({ ...message, frames: texts });
}
