import { RejectedError, text } from "../../errors.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import type { AnyMessage, Message } from "../../message/message.ts";

const LONGEST_REASON = 200;

/** Puts a user's check behind a codec's reader: it sees each message, and what it throws rejects the message. */
export function checkedCodec(codec: Codec, expect: ((message: Message) => AnyMessage) | undefined): Codec {
  if (expect === undefined) return codec;
  return {
    name: codec.name,
    ...(codec.withoutStart === undefined ? undefined : { withoutStart: codec.withoutStart }),
    reader(limits) {
      const read = codec.reader(limits);
      return (frames) => read(frames).map((decoded) => checked(decoded, expect));
    },
    writer: (options) => codec.writer(options),
  };
}

function checked(decoded: Decoded, expect: (message: Message) => AnyMessage): Decoded {
  // A heartbeat is the format's, not the user's.
  if (decoded.control === true) return decoded;
  try {
    const message = expect(decoded.message) as Message;
    return message === decoded.message ? decoded : { ...decoded, message };
  } catch (error) {
    if (error instanceof RejectedError) throw error;
    throw new RejectedError(`expect: ${text(error).slice(0, LONGEST_REASON)}`, { cause: error });
  }
}
