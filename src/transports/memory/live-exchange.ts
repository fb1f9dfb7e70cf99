import type { Inlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Exchange, ReadOptions } from "./exchange.ts";
import { LiveReading } from "./live-reading.ts";
import type { PassingWriter } from "./passing-writer.ts";
import { Room } from "./room.ts";

/** Gives every message to every current reader, and keeps nothing. */
export class LiveExchange implements Exchange {
  readonly #writers = new Set<PassingWriter>();
  readonly #changed: () => void;
  /** Replaced, never changed: a reader may come or go while a message is given out. */
  #readings: readonly LiveReading[] = [];
  /** Is closed while a reader has no room. */
  readonly #room: Room = new Room(() => this.#readings.every((reading) => reading.open));
  #ended = false;

  /** `changed` is told when a reader came or went. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get readers(): number {
    return this.#readings.length;
  }

  accept(decoded: Decoded<AnyMessage>): void | Promise<void> {
    if (this.#room.closed) return this.#acceptLater(decoded);
    const readings = this.#readings;
    for (let index = 0; index < readings.length; index += 1) (readings[index] as LiveReading).take(decoded);
    return this.#room.closed ? this.#room.opening() : undefined;
  }

  announce(decoded: Decoded<AnyMessage>): void {
    for (const reading of this.#readings) reading.take(decoded);
  }

  join(writer: PassingWriter): void {
    this.#writers.add(writer);
  }

  leave(writer: PassingWriter): void {
    this.#writers.delete(writer);
  }

  async read(inlet: Inlet<AnyMessage>, { topics }: ReadOptions, signal: AbortSignal): Promise<void> {
    inlet.ready();
    if (this.#ended || signal.aborted) return;
    const reading = new LiveReading(inlet, topics, signal, {
      closed: () => this.#room.close(),
      open: () => this.#room.look(),
      left: (one) => this.#without(one),
    });
    // Nothing can come between the Starts of the open runs and what follows them: this is one turn.
    for (const writer of this.#writers) for (const start of writer.again()) reading.take(start);
    if (!reading.over) {
      this.#readings = [...this.#readings, reading];
      this.#changed();
    }
    await reading.ended;
  }

  end(): void {
    this.#ended = true;
    for (const reading of this.#readings) reading.finish();
  }

  resume(): void {
    this.#ended = false;
  }

  clear(): void {
    this.#writers.clear();
  }

  async #acceptLater(decoded: Decoded<AnyMessage>): Promise<void> {
    while (this.#room.closed) await this.#room.opening();
    await this.accept(decoded);
  }

  #without(one: LiveReading): void {
    this.#readings = this.#readings.filter((reading) => reading !== one);
    this.#room.look();
    this.#changed();
  }
}
