import { RejectedError, text } from "../errors.ts";
import type { Codec, Decoded } from "./codec.ts";
import type { Limits } from "./limits.ts";
import type { AnyMessage, Message } from "./message.ts";

const LONGEST_REASON = 200;

/** Puts a user's check and bounds of its own in front of a codec's reader; gives the codec itself where there are none. */
export function checkedCodec(
  codec: Codec,
  expect: ((message: Message) => AnyMessage) | undefined,
  limits: Partial<Limits> | undefined,
): Codec {
  if (expect === undefined && limits === undefined) return codec;
  return {
    name: codec.name,
    ...(codec.withoutStart === undefined ? undefined : { withoutStart: codec.withoutStart }),
    ...(codec.limits === undefined && limits === undefined ? undefined : { limits: { ...codec.limits, ...limits } }),
    reader(others) {
      const read = codec.reader({ ...others, ...limits });
      return expect === undefined ? read : (frames) => checked(read(frames), expect);
    },
    writer: (options) => codec.writer(options),
  };
}

function checked(all: readonly Decoded[], expect: (message: Message) => AnyMessage): readonly Decoded[] {
  return all.map((decoded) => {
    // A heartbeat is the format's, not the user's.
    if (decoded.control === true) return decoded;
    const message = expected(decoded.message, expect);
    return message === decoded.message ? decoded : { ...decoded, message: message as Message };
  });
}

function expected(message: Message, expect: (message: Message) => AnyMessage): AnyMessage {
  try {
    return expect(message);
  } catch (error) {
    if (error instanceof RejectedError) throw error;
    throw new RejectedError(`expect: ${text(error).slice(0, LONGEST_REASON)}`, { cause: error });
  }
}
