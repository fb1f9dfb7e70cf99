import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Context, Event, type FlushReason, type Message, type NdArray, Operator, Stop } from "arroyojs";

/** Does what the metadata of an event say. `log` is a file where it notes what it does, over all its lives. */
export class Misbehaving extends Operator {
  readonly #log: string;
  readonly #runs = this.perRun((start) => ({ resumed: start.resumed, events: 0 }));

  constructor({ log }: { readonly log: string }) {
    super();
    this.#log = log;
  }

  override async process(message: Message, context: Context): Promise<Message | readonly Message[] | undefined> {
    if (message.type !== "event") {
      if (message.type === "start") this.#note(`start ${message.resumed}`);
      return message;
    }
    const state = message.run === undefined ? undefined : this.#runs.of(message);
    if (state !== undefined) state.events += 1;
    const {
      does,
      times = 1,
      ms = 0,
      n,
    } = message.metadata as { does?: string; times?: number; ms?: number; n?: number };
    if (does !== undefined) this.#note(`${does} ${n}`);
    const isTooOften = does !== undefined && this.#notes().filter((line) => line === `${does} ${n}`).length > times;
    if (ms > 0) await sleep(ms);
    if (!isTooOften) {
      if (does === "exit") process.exit(3);
      if (does === "fall behind") setTimeout(() => process.exit(5), 100);
      if (does === "throw in a timer") {
        setTimeout(() => {
          throw new Error("in a timer");
        }, 0);
        await sleep(10_000);
      }
      if (does === "reject") {
        void Promise.reject(new TypeError("nobody waits"));
        await sleep(10_000);
      }
      if (does === "throw") throw Object.assign(new RangeError("out of range"), { code: "E_RANGE" });
      if (does === "throw text") throw "just a text";
      if (does === "spin") for (;;);
      if (does === "wait for the signal") {
        await sleep(60_000, undefined, { signal: context.signal });
      }
      if (does === "give back a function") return message.with({ metadata: { f: () => 1 } });
      if (does === "give back 7") return 7 as unknown as Message;
      if (does === "change the block") await this.addListener({} as never);
    }
    return message.with({ metadata: { ...message.metadata, resumed: state?.resumed, attempt: context.attempt } });
  }

  #note(text: string): void {
    appendFileSync(this.#log, `${text}\n`);
  }

  #notes(): readonly string[] {
    return readFileSync(this.#log, "utf8").split("\n");
  }
}

/** Adds up what it holds, and gives the sum out when a run has five, when it is asked, or at the end. */
export class Batches extends Operator {
  readonly #runs = this.perRun(({ run }) => ({ run, kept: [] as Event[] }));

  override process(message: Message, context: Context): Message | readonly Message[] | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") {
      context.release();
      return state.kept.length === 0 ? message : [this.#sum(state), message];
    }
    if (message.metadata.exit !== undefined) {
      const flag = message.metadata.exit as string;
      let isFirst = false;
      try {
        readFileSync(flag);
      } catch {
        isFirst = true;
      }
      appendFileSync(flag, "x");
      if (isFirst) process.exit(1);
    }
    state.kept.push(message as Event);
    context.hold();
    if (state.kept.length < 5) {
      context.flushIn(50);
      return undefined;
    }
    context.release();
    return this.#sum(state);
  }

  override flush(_reason: FlushReason, context: Context): readonly Message[] {
    context.release();
    return [...this.#runs.values()].filter(({ kept }) => kept.length > 0).map((state) => this.#sum(state));
  }

  #sum(state: { run: string; kept: Event[] }): Event {
    const kept = state.kept.splice(0);
    let sum = 0;
    for (const { payload } of kept) sum += payload instanceof Uint8Array ? (payload[0] as number) : 0;
    return new Event({ ns: kept.map(({ metadata }) => metadata.n), sum }, new Uint8Array(0), { run: state.run });
  }
}

/** Says in its Stop how many events it saw. */
export class Counting extends Operator {
  readonly #runs = this.perRun(() => ({ events: 0 }));

  override process(message: Message): Message | undefined {
    if (message.type === "start") return message;
    if (message.type === "stop") return new Stop({ events: this.#runs.of(message).events }, message.envelope);
    this.#runs.of(message).events += 1;
    return undefined;
  }
}

/** Does so, and can add its Stops up. */
export class CountingTogether extends Counting {
  static mergeStops(stops: readonly Stop<{ events: number }>[]): Stop {
    const [first] = stops as [Stop<{ events: number }>];
    return new Stop({ events: stops.reduce((sum, { data }) => sum + data.events, 0) }, first.envelope);
  }
}

/** Keeps the first event of a run without holding it. */
export class Keeper extends Operator {
  readonly #runs = this.perRun(() => ({ first: undefined as Event | undefined }));

  override process(message: Message): Message | readonly Message[] {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") {
      return state.first === undefined ? message : [state.first.with({ metadata: { first: true } }), message];
    }
    state.first ??= (message as Event).keep();
    return message;
  }
}

/** Cuts the payload. */
export class Cut extends Operator {
  readonly #from: number;

  constructor({ from }: { readonly from: number }) {
    super();
    this.#from = from;
  }

  override process(message: Message): Message {
    if (message.type !== "event") return message;
    return message.with({ payload: (message.payload as Uint8Array).subarray(this.#from) });
  }
}

/** Says what it finds in the metadata and in the data of the Start. */
export class Looking extends Operator {
  readonly #runs = this.perRun((start) => start.data as { flat: NdArray; when: Date });

  override process(message: Message): Message {
    if (message.type !== "event") return message;
    const { flat, when } = this.#runs.of(message);
    const { roi, list } = message.metadata as { roi: NdArray; list: readonly { part: Uint8Array }[] };
    const found = {
      flat: [...flat.data],
      shape: flat.shape,
      when,
      roi: roi.is("int16"),
      part: list[0]?.part.byteLength,
    };
    return message.with({ metadata: { ...found, again: roi } });
  }
}
