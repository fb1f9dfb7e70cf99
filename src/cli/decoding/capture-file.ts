import { open } from "node:fs/promises";
import { loadCodec, makeCaptureListener } from "../../config/registry.ts";
import { RejectedError } from "../../errors.ts";
import type { PlatformInlet } from "../../listener/listener.ts";
import type { Frames } from "../../message/codec.ts";
import { limitsOf } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { conventionOf } from "./conventions.ts";
import { type Decoding, LIMITS, type Refused, refusedBy } from "./decode-file.ts";
import { isBlob } from "./told-blob.ts";
import { type ToldMessage, toldMessage } from "./told-message.ts";

/** What a capture begins with. */
const MAGIC = "8941594341500d0a";

/** Tells whether a file is a capture, by its first bytes; false for what cannot be read. */
export async function isCapture(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      if (!(await file.stat()).isFile()) return false;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      return bytesRead === 8 && buffer.toString("hex") === MAGIC;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

/**
 * Decodes all messages of a capture, one after the other, by one reader; tells each when it was read, and what is damaged
 * or cannot be decoded in its place. Never throws, unless `tell` does.
 */
export async function decodeCapture(
  path: string,
  decoding: Decoding,
  tell: (told: ToldMessage | Refused) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let telling: unknown;
  const told = async (one: ToldMessage | Refused): Promise<void> => {
    try {
      await tell(one);
    } catch (error) {
      telling = error;
      throw error;
    }
  };
  try {
    const { format, options } = decoding;
    if (isBlob(format)) throw new RejectedError("a capture holds messages, and no bare blobs; name their format");
    const codec = await loadCodec(format, options);
    const listener = await makeCaptureListener({ path, codec, from: "oldest" });
    const read = listener.codec.reader({ ...limitsOf(codec), maxFrames: LIMITS.maxFrames });
    const convention = conventionOf(codec);
    const lost: Refused[] = [];
    const take = async (frames: Frames): Promise<void> => {
      for (const one of lost.splice(0)) await told(one);
      const one = attempt(() => {
        const decoded = read(frames instanceof Uint8Array ? [frames] : frames).at(-1);
        // The header of an event, whose frame is the next message.
        return decoded === undefined ? undefined : toldMessage(decoded, convention, decoding);
      });
      if (one !== undefined) await told(one);
    };
    const inlet: PlatformInlet<AnyMessage> = {
      limits: LIMITS,
      ready: () => undefined,
      put: () => undefined,
      putDecoded: () => undefined,
      putFrames: (frames, settlement) =>
        take(frames).then(async () => {
          await settlement?.ack();
        }),
      connected: () => undefined,
      follow: () => undefined,
      lost: (messages, reason) => void lost.push({ rejected: true, reason: `${messages} messages: ${reason}` }),
      warn: () => undefined,
    };
    await listener.start(inlet, signal);
    for (const one of lost.splice(0)) await told(one);
  } catch (error) {
    if (telling !== undefined) throw telling;
    await tell(refusedBy(error));
  }
}

function attempt(tell: () => ToldMessage | undefined): ToldMessage | Refused | undefined {
  try {
    return tell();
  } catch (error) {
    return refusedBy(error);
  }
}
