import { Event, type Inlet, Listener, type Message, Operator, Start, Stop } from "arroyojs";

export class Doubled extends Operator {
  readonly factor: number;

  constructor({ factor = 2 }: { factor?: number } = {}) {
    super();
    this.factor = factor;
  }

  override process(message: Message): Message {
    if (message.type !== "event") return message;
    const { value } = message.metadata as { value?: number };
    return message.with({ metadata: { value: (value ?? 0) * this.factor } });
  }
}

export class Strict extends Operator {
  constructor({ bins }: { bins?: unknown } = {}) {
    super();
    if (typeof bins !== "number") throw new Error(`bins must be a number, not ${String(bins)}`);
  }

  override process(message: Message): Message {
    return message;
  }
}

export class Silent extends Listener {
  override start(): Promise<void> {
    return Promise.resolve();
  }
}

/** Brings one run of numbers from 0 on, and ends. */
export class Numbers extends Listener {
  readonly #count: number;

  constructor({ count }: { count: number }) {
    super();
    this.#count = count;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "one" }));
    for (let value = 0; value < this.#count; value += 1) {
      await inlet.put(new Event({ value }, new Uint8Array(0), { run: "one" }));
    }
    await inlet.put(new Stop({}, { run: "one" }));
  }
}

/** A factory of a function. */
export const odd =
  ({ keep = true }: { keep?: boolean } = {}) =>
  (message: Message): Message | undefined =>
    message.type === "event" && ((message.metadata["value"] as number) % 2 === 1) !== keep ? undefined : message;

export const limit = 7;

/** Functions that options name. */
export const isCamera = (message: Message): boolean => message.run === "camera";
export const isLaser = (message: Message): boolean => message.run === "laser";
export const topic = (): string => "curve";
export const first = (): number => 0;
export const token = (): Promise<{ value: string }> => Promise.resolve({ value: "a token" });
