import { RejectedError, text } from "../../../errors.ts";
import type { Codec, Decoded } from "../../../message/codec.ts";
import type { Limits } from "../../../message/limits.ts";
import type { AnyMessage, Message } from "../../../message/message.ts";
import { Start } from "../../../message/start.ts";

const LONGEST_REASON = 200;

/** Is a codec that also knows what a replay knows of the message that is put. */
export class ReplayCodec implements Codec {
  readonly name: string;
  declare readonly withoutStart?: "drop" | "make";
  declare readonly limits?: Partial<Limits>;
  /** Why the next message is refused, whatever its frames are. */
  refusal: RejectedError | undefined;
  /** True while a Start is given again, for whoever begins in the middle of its run. */
  isAgain = false;
  readonly #codec: Codec;
  readonly #expect: ((message: Message) => AnyMessage) | undefined;

  constructor(codec: Codec, expect: ((message: Message) => AnyMessage) | undefined) {
    this.name = codec.name;
    if (codec.withoutStart !== undefined) this.withoutStart = codec.withoutStart;
    if (codec.limits !== undefined) this.limits = codec.limits;
    this.#codec = codec;
    this.#expect = expect;
  }

  reader(limits: Parameters<Codec["reader"]>[0]): ReturnType<Codec["reader"]> {
    const read = this.#codec.reader(limits);
    const expect = this.#expect;
    return (frames) => {
      if (this.refusal !== undefined) throw this.refusal;
      const decoded = read(frames);
      if (this.isAgain) return decoded.filter(({ message }) => message.type === "start").map(again);
      return expect === undefined ? decoded : decoded.map((one) => checked(one, expect));
    };
  }

  writer(options?: Parameters<Codec["writer"]>[0]): ReturnType<Codec["writer"]> {
    return this.#codec.writer(options);
  }
}

/** Makes a copy of a Start, without the counters of its time. */
function again(decoded: Decoded): Decoded {
  const { hop } = decoded;
  const start = decoded.message as Start;
  const message = new Start(start.data, { ...start.envelope, resumed: true });
  if (hop === undefined) return { ...decoded, message };
  const { next: _next, left: _left, ...rest } = hop;
  return { ...decoded, message, hop: { ...rest, skipped: 0, copy: true } };
}

function checked(decoded: Decoded, expect: (message: Message) => AnyMessage): Decoded {
  // A heartbeat is the format's, not the user's.
  if (decoded.control === true) return decoded;
  try {
    return { ...decoded, message: expect(decoded.message) as Message };
  } catch (error) {
    if (error instanceof RejectedError) throw error;
    throw new RejectedError(`expect: ${text(error).slice(0, LONGEST_REASON)}`, { cause: error });
  }
}
