import { Block } from "../block/block.ts";
import type { BlockOptions } from "../block/options.ts";
import { type Inlet, Listener } from "../listener/listener.ts";
import type { Account } from "../message/account.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Step } from "../operator/function-operator.ts";
import { Publisher } from "../publisher/publisher.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Says what became of the messages that an operator was driven with. */
export interface Driven<Out> {
  /** What came out, in order; also Stops that the platform made. */
  readonly published: readonly Out[];
  /** One for each message that went in. */
  readonly settled: readonly ("acked" | "nacked" | "open")[];
  readonly account: Account;
  /** What the block failed with; undefined when it did not. */
  readonly error: unknown;
}

/**
 * Gives messages to an operator as a block would: through the same inlet, queue, outlets and settlement, on a clock
 * that jumps to the next timer whenever nothing else is left to do. The source ends after the last message.
 */
export async function drive<In extends AnyMessage, Out extends AnyMessage>(
  operator: Step<In, Out>,
  messages: readonly NonNullable<In>[],
  options: Partial<BlockOptions<In, Out>> = {},
): Promise<Driven<Out>> {
  const clock = new VirtualClock();
  const source = new ListSource<In>(messages);
  const sink = new ListSink<Out>();
  const block = new Block<In, Out>(
    {
      name: "drive",
      ...options,
      listeners: [source, ...(options.listeners ?? [])],
      operator,
      publishers: [sink, ...(options.publishers ?? [])],
    },
    { clock, random: () => 0.5 },
  );
  let error: unknown;
  const ended = block
    .start()
    .then(() => block.finished)
    .then(
      () => undefined,
      (reason: unknown) => {
        error = reason;
      },
    );
  await runUntil(clock, ended, () => block.load.computing > 0);
  const account = await block.stop();
  return { published: sink.published, settled: source.settled, account, error };
}

/** Waits of the platform are shorter than this; a longer one is a bound on something that really takes time. */
const LONGEST_JUMP_MS = 6_000;

/** Lets the clock jump from timer to timer, but go as real time does while an operator computes or something is awaited. */
async function runUntil(clock: VirtualClock, ended: Promise<void>, computing: () => boolean): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  let before = performance.now();
  for (;;) {
    await clock.settle();
    if (over) return;
    const next = clock.nextMs;
    if (!computing() && next !== undefined && next - clock.now() <= LONGEST_JUMP_MS) {
      await clock.advanceToNext();
      before = performance.now();
      continue;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    await clock.advance(now - before);
    before = now;
  }
}

class ListSource<M extends AnyMessage> extends Listener<M> {
  override readonly replay = "log";
  readonly settled: ("acked" | "nacked" | "open")[];
  readonly #messages: readonly M[];
  #next = 0;

  constructor(messages: readonly M[]) {
    super();
    this.#messages = messages;
    this.settled = messages.map(() => "open");
  }

  /** Goes through the whole list, also after a failure: what comes too late is given back. */
  override async start(inlet: Inlet<M>): Promise<void> {
    inlet.ready();
    while (this.#next < this.#messages.length) {
      const index = this.#next;
      this.#next += 1;
      const settle = (how: "acked" | "nacked") => (): void => {
        if (this.settled[index] === "open") this.settled[index] = how;
      };
      const wait = inlet.put(this.#messages[index] as M, { ack: settle("acked"), nack: settle("nacked") });
      if (wait !== undefined) await wait;
    }
  }
}

class ListSink<M extends AnyMessage> extends Publisher<M> {
  override readonly confirms = true;
  readonly published: M[] = [];

  override publish(message: M): void {
    this.published.push(message);
  }
}
