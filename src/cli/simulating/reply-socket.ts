import { openZmqSocket } from "../../config/registry.ts";
import type { Codec } from "../../message/codec.ts";
import { ReplyPublisher } from "./reply-publisher.ts";

/** Makes a publisher that answers at the URL of a bridge. */
export function replyPublisherAt(
  { url, binds }: { readonly url: string; readonly binds: boolean },
  codec: Codec,
): ReplyPublisher {
  return new ReplyPublisher(codec, () => openZmqSocket("rep", binds ? { bind: url } : { connect: url }));
}
