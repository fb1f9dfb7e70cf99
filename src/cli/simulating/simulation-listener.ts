import { type Inlet, Listener } from "../../listener/listener.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import { wait } from "../../time/wait.ts";
import type { RingImages } from "./ring-images.ts";
import type { Scene, System } from "./systems.ts";

/** Says what a simulation sends. */
export interface Simulation {
  readonly system: System;
  readonly images: RingImages;
  readonly scene: Omit<Scene, "run">;
  /** How many runs; 0 for one after the other until it is stopped. */
  readonly runs: number;
}

/** What a machine with other work may be late by. */
const LATE_MS = 250;

/** Makes runs of frames at a rate, as a detector does. */
export class SimulationListener extends Listener<AnyMessage> {
  readonly #simulation: Simulation;
  readonly #clock: Clock;
  /** When the next frame goes out. */
  #due = 0;

  constructor(simulation: Simulation, clock: Clock = systemClock) {
    super();
    this.#simulation = simulation;
    this.#clock = clock;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const { runs } = this.#simulation;
    this.#due = this.#clock.now();
    for (let run = 1; (runs === 0 || run <= runs) && !signal.aborted; run += 1) {
      await this.#run(run, inlet, signal);
    }
  }

  async #run(number: number, inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    const { system, images } = this.#simulation;
    const scene: Scene = { ...this.#simulation.scene, run: number };
    const { frames, rate, answer } = scene;
    const run = system.runsAreNumbers === true ? String(number) : `simulated-${answer.seed}-${number}`;
    await inlet.put(new Start(system.start(scene), { run, timeMs: this.#clock.now() }));
    for (let frame = 0; frame < frames; frame += 1) {
      await this.#paced(1000 / rate, signal);
      // What was interrupted gets its Stop from the block, with that reason.
      if (signal.aborted) return;
      const image = images.image((number - 1) * frames + frame);
      const metadata = system.event({ scene, number: frame, image });
      await inlet.put(new Event(metadata, system.payload?.(image) ?? image, { run, timeMs: this.#clock.now() }));
    }
    await inlet.put(new Stop({}, { run, timeMs: this.#clock.now() }));
  }

  /** Waits for the time of the next frame; frames that a slow reader held up for long are not caught up with. */
  async #paced(periodMs: number, signal: AbortSignal): Promise<void> {
    const ms = this.#due - this.#clock.now();
    if (ms > 0) await wait(this.#clock, ms, signal);
    this.#due = (ms < -LATE_MS ? this.#clock.now() : this.#due) + periodMs;
  }
}
