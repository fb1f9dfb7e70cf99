import { RejectedError } from "../../errors.ts";
import { type Inlet, platformInlet } from "../../listener/listener.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { entriesOf, framesOf } from "./entries.ts";
import type { Link } from "./link.ts";
import type { OpenStart } from "./run-index.ts";

/** Gives an inlet the Starts of runs that were open where it begins, as copies that nobody has to settle. */
export async function giveStarts<M extends AnyMessage>(
  inlet: Inlet<M>,
  codec: Codec,
  link: Link,
  stream: string,
  starts: readonly OpenStart[],
  fields: ReadonlySet<string> | undefined,
): Promise<void> {
  const platform = platformInlet(inlet);
  const read = codec.reader(platform?.limits ?? DEFAULT_LIMITS);
  for (const { id, frame } of starts) {
    const frames = frame === undefined ? await framesAt(link, stream, id, fields) : [frame];
    if (frames === undefined) {
      platform?.warn(`RedisStreamListener: the Start at ${id} of ${stream} was trimmed; its run has none here`);
      continue;
    }
    for (const decoded of decodedStarts(read, frames)) {
      const again = startAgain(decoded);
      const put = platform === undefined ? inlet.put(again.message as M) : platform.putDecoded(again as Decoded<M>);
      if (put !== undefined) await put;
    }
  }
}

async function framesAt(
  link: Link,
  stream: string,
  id: string,
  names: ReadonlySet<string> | undefined,
): Promise<Buffer[] | undefined> {
  const [entry] = entriesOf(await link.call(["XRANGE", stream, id, id]));
  return entry?.fields === undefined ? undefined : framesOf(entry.fields, names);
}

function decodedStarts(read: ReturnType<Codec["reader"]>, frames: readonly Uint8Array[]): readonly Decoded[] {
  try {
    return read(frames).filter(({ message }) => message.type === "start");
  } catch (error) {
    // Whoever can write into the stream can write what is no Start.
    if (error instanceof RejectedError) return [];
    throw error;
  }
}

/** Its counters are those of its time: here they would say that all since then is missing. */
function startAgain({ message, stream, hop }: Decoded): Decoded {
  const start = message as Start;
  const again = new Start(start.data, { ...start.envelope, resumed: true });
  if (hop === undefined) return { message: again, ...(stream === undefined ? {} : { stream }) };
  const { next: _atItsTime, left: _either, ...rest } = hop;
  return {
    message: again,
    hop: { ...rest, skipped: 0, copy: true },
    ...(stream === undefined ? {} : { stream }),
  };
}
