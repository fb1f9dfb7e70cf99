import { UsageError } from "../../errors.ts";
import type { Broker } from "./broker.ts";

/** Stands for a broker that somebody else runs; it is used, and left alone. */
export class AttachedBroker implements Broker {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly attached: boolean = true;
  readonly folder: string = "";
  readonly #variable: string;

  /** `variable` of the environment has the address; where that says no port, the usual one is meant. */
  constructor(name: string, variable: string, url: string, usualPort: number) {
    const [first = ""] = url.split(",");
    const place = parsed(first.includes("://") ? first : `tcp://${first}`);
    if (place === undefined) {
      throw new UsageError(`${variable}: expected an address, got ${JSON.stringify(url)}; correct it or unset it`);
    }
    this.name = `${name} at ${place.host}`;
    this.url = url;
    this.host = place.hostname;
    this.port = place.port === "" ? usualPort : Number(place.port);
    this.#variable = variable;
  }

  async stop(): Promise<void> {
    this.#refuse("stopped");
  }

  async kill(): Promise<void> {
    this.#refuse("killed");
  }

  async start(): Promise<void> {}

  pause(): void {
    this.#refuse("paused");
  }

  resume(): void {
    this.#refuse("resumed");
  }

  log(): string {
    return "";
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #refuse(what: string): never {
    throw new UsageError(
      `${this.name}: can't be ${what}, ${this.#variable} names it and somebody else runs it; ask for one with "own: true"`,
    );
  }
}

function parsed(url: string): URL | undefined {
  try {
    const place = new URL(url);
    return place.hostname === "" ? undefined : place;
  } catch {
    return undefined;
  }
}
