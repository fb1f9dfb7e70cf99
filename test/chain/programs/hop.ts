// One hop of a chain as a process of its own; it may die at one exact message.
import { type Message, Operator, run } from "arroyojs";
import { type Death, Executioner } from "../../process/programs/death.ts";
import { takeOrders, tellOf } from "../../process/programs/speech.ts";
import { type HopName, hopBlock, type Places } from "../hops.ts";

/** Describes a life of a hop. */
export interface HopOptions {
  readonly hop: HopName;
  readonly places: Places;
  readonly death?: Death;
}

/** Passes everything on, up to the end of this life. */
class Passing extends Operator {
  readonly #executioner = new Executioner(options.death);

  override process(message: Message): Message {
    return this.#executioner.around(message, () => message);
  }
}

const options = JSON.parse(process.argv[2] as string) as HopOptions;
takeOrders(() => undefined);
const block = hopBlock(options.hop, options.places, { operator: new Passing() });
tellOf(block);
await run(block);
