import { RejectedError } from "../errors.ts";
import type { Limits } from "./limits.ts";
import { plainBytes } from "./native/plain-bytes.ts";

/** Refuses a message with more frames or more bytes than the limits allow; looks at lengths only. */
export function checkFrames(frames: readonly Uint8Array[], limits: Limits): void {
  if (frames.length === 0) throw new RejectedError("the message has no frames");
  if (frames.length > limits.maxFrames) {
    throw new RejectedError(`the message has more than ${limits.maxFrames} frames`);
  }
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  if (bytes > limits.maxMessageBytes) {
    throw new RejectedError(`the message has more than ${limits.maxMessageBytes} bytes`);
  }
}

/** Gives the only frame of a message that must have one, and something in it. */
export function onlyFrame(frames: readonly Uint8Array[], limits: Limits): Uint8Array {
  checkFrames(frames, limits);
  const [frame] = frames;
  if (frame === undefined || frames.length > 1) throw new RejectedError(`one part expected, got ${frames.length}`);
  if (frame.length === 0) throw new RejectedError("the message is empty");
  return plainBytes(frame);
}
