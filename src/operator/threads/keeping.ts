import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import type { Slot, Slots } from "./slots.ts";

/** Is a message that the operator of a thread holds. */
export interface KeptMessage {
  readonly message: Event | Start | Stop;
  readonly stream: string;
  /** Where the thread has its payload: lent as long as it is held. */
  slot: Slot | undefined;
}

/** Keeps what the operator of a thread holds, so that another thread can be given it again. */
export class Keeping {
  readonly #slots: Slots;
  #kept: KeptMessage[] = [];

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  get messages(): readonly KeptMessage[] {
    return this.#kept;
  }

  add(kept: KeptMessage): void {
    this.#kept.push(kept);
  }

  /** Lets go what is held of a message's run, or everything. */
  release(of?: { readonly message: AnyMessage; readonly stream: string }): void {
    const rest: KeptMessage[] = [];
    for (const kept of this.#kept) {
      const goes = of === undefined || (kept.message.run === of.message.run && kept.stream === of.stream);
      if (!goes) rest.push(kept);
      else if (kept.slot !== undefined) this.#slots.giveBack(kept.slot);
    }
    this.#kept = rest;
  }

  /** Forgets what is held of a run. Who held it may still look at it: its slots are not used again. */
  forget(of: { readonly message: AnyMessage; readonly stream: string }): void {
    for (const { message, stream, slot } of this.#kept) {
      if (message.run === of.message.run && stream === of.stream && slot !== undefined) this.#slots.giveAway(slot.id);
    }
    this.release(of);
  }
}
