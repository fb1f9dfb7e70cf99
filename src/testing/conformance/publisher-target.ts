import type { Listener } from "../../listener/listener.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Publisher } from "../../publisher/publisher.ts";

/** Stands for what a publisher sends to. */
export interface PublisherTarget extends AsyncDisposable {
  /** Makes a publisher to this target. */
  make(): Publisher<AnyMessage>;
  /** Makes a listener that reads all that is published from the time at which it is ready, or all there is. */
  read(): Listener<AnyMessage>;
  /** Resolves when the publisher knows so many readers, where it has to know them before they get anything. */
  known?(publisher: Publisher<AnyMessage>, readers: number): Promise<void>;
  /** Makes a publisher whose `open` waits for somebody who never comes. */
  makeWaiting?(): Publisher<AnyMessage>;
  /** Takes the other side away, so that nothing can be published. */
  cut?(): void | Promise<void>;
}
