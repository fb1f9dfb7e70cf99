import { text, UsageError } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage } from "../message/message.ts";
import { Start } from "../message/start.ts";
import { Stop } from "../message/stop.ts";
import type { Host } from "../operator/operator.ts";
import { Outgoing } from "../publisher/outgoing.ts";
import type { Publisher } from "../publisher/publisher.ts";
import type { PublisherEntry } from "../publisher/publisher-entry.ts";
import type { Clock } from "../time/clock.ts";
import { untilAborted } from "../time/wait.ts";
import { type BlockOptions, placeOf } from "./options.ts";
import type { Parts } from "./parts.ts";
import { checkPromises } from "./promises.ts";

/** What changes to a running block need to know. */
export interface ChangesOptions {
  readonly options: BlockOptions<AnyMessage, AnyMessage>;
  readonly parts: Parts;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly work: AbortSignal;
  /** Throws unless the block runs. */
  readonly mustRun: (method: string) => void;
}

/** Adds listeners and publishers to a block while it runs, and takes them out. */
export class Changes implements Host {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  warn(message: string): void {
    this.#options.tell("warning", { message });
  }

  async addListener(listener: Listener<AnyMessage>): Promise<void> {
    const { parts, options, mustRun } = this.#options;
    mustRun("addListener");
    if (parts.listenings.has(listener)) throw this.#twice(listener);
    checkPromises(options, [listener], []);
    await parts.listen(listener).ready;
  }

  async removeListener(listener: Listener<AnyMessage>): Promise<void> {
    const { parts, work, tell } = this.#options;
    const listening = parts.listenings.get(listener);
    if (listening === undefined) return;
    listening.stop();
    await listening.over;
    await untilAborted(listening.inlet.taken(), work);
    parts.retire(listening);
    tell("state", { part: listener.constructor.name, state: "ended" });
  }

  /** The new publisher first gets the Starts of the runs that are open. */
  async addPublisher(entry: PublisherEntry<AnyMessage>): Promise<void> {
    const { parts, options, mustRun, tell, work } = this.#options;
    mustRun("addPublisher");
    const place = placeOf(entry, options.name);
    checkPromises(options, [], [place]);
    if (parts.exit.outlets.some(({ publisher }) => publisher === place.publisher)) throw this.#twice(place.publisher);
    const outlet = parts.outlet(place);
    const opened = outlet.open();
    if (place.required) {
      await opened;
      if (work.aborted) {
        await outlet.close();
        mustRun("addPublisher");
      }
    } else opened.catch((error: unknown) => tell("warning", { message: text(error) }));
    for (const { start, run } of parts.exit.openRuns) {
      const resumed = new Start(start.data, { ...start.envelope, resumed: true });
      void outlet.put(new Outgoing(resumed, run, 0, undefined, undefined));
    }
    parts.exit.add(outlet);
  }

  /** The publisher still gets all that was made before, and a Stop for each run that is open. */
  async removePublisher(publisher: Publisher<AnyMessage>): Promise<void> {
    const { parts, clock } = this.#options;
    const outlet = parts.exit.outlets.find((other) => other.publisher === publisher);
    if (outlet === undefined) return;
    parts.exit.remove(outlet);
    for (const { start, run } of parts.exit.openRuns) {
      const stop = new Stop({}, { run: start.run, reason: "interrupted", timeMs: clock.now() });
      void outlet.put(new Outgoing(stop, run, 0, undefined, undefined));
    }
    parts.leaving.add(outlet);
    await outlet.drained();
    await outlet.close();
    parts.leaving.delete(outlet);
  }

  #twice(part: object): UsageError {
    return new UsageError(
      `block ${this.#options.options.name}: ${part.constructor.name} is already in it; add another one`,
    );
  }
}
