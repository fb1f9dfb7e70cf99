import { PromiseError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage } from "../message/message.ts";
import type { BlockOptions, PublisherPlace } from "./options.ts";

/** Refuses a claim that the parts cannot keep, and says which parts. */
export function checkPromises(
  options: Pick<BlockOptions, "name" | "guarantee" | "recover" | "overflow" | "onError">,
  listeners: readonly Listener<AnyMessage>[],
  places: readonly PublisherPlace[],
): void {
  const reasons: string[] = [];
  if (options.guarantee === "at-least-once") {
    for (const listener of listeners) {
      if (listener.replay === "none") {
        reasons.push(`${listener.constructor.name} cannot give a message again; take a listener on a log or a queue`);
      }
    }
    for (const { publisher, required, bounds } of places) {
      const { name } = publisher.constructor;
      if (!required) continue;
      if (!publisher.confirms && !(publisher.confirmsRuns && options.recover === "run")) {
        const other = publisher.confirmsRuns ? 'recover "run" is enough for it, or ' : "";
        reasons.push(`${name} does not confirm; ${other}take one that does, or give it required: false`);
      }
      if (bounds.overflow !== "block") reasons.push(`${name} has overflow "${bounds.overflow}"; take "block"`);
    }
    const overflow = options.overflow ?? "block";
    if (overflow !== "block") reasons.push(`the queue has overflow "${overflow}"; take "block"`);
  }
  if (options.recover === "run") {
    if (options.guarantee === "at-most-once")
      reasons.push('recover "run" gives again, guarantee "at-most-once" does not');
    for (const listener of listeners) {
      if (listener.replay !== "log") {
        reasons.push(
          `recover "run" needs a log, and ${listener.constructor.name} has replay "${listener.replay}"; ` +
            'take a log, or recover "message"',
        );
      }
    }
  }
  if (reasons.length === 0) return;
  throw new PromiseError(`block ${options.name}: cannot keep what it promises:\n  ${reasons.join("\n  ")}`);
}
