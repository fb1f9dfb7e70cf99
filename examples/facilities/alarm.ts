// bsread → an alarm when a scalar leaves its range, and one word when it is back. Run it with:
// npx tsx examples/facilities/alarm.ts
import { type AnyMessage, Block, Event, type Message, Operator, Publisher, run, type Start, type Stop } from "arroyojs";
import { bsread } from "arroyojs/formats/bsread";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated } from "./simulated.ts";

const CHANNEL = "SARES11-CRYO:TEMPERATURE";
const KELVIN = [4.2, 4.3, 4.2, 5.1, 5.6, 5.4, 4.7, 4.4, 4.2, 4.2];

function* pulses(): Generator<AnyMessage> {
  for (const [pulse, kelvin] of KELVIN.entries()) {
    yield new Event({ [CHANNEL]: kelvin }, new Uint8Array(0), { timeMs: 1_732_200_000_000 + 10 * pulse });
  }
}

type Alarm = Event<{ readonly alarm: boolean; readonly value: number }, Uint8Array>;

/** Calls when the value is above one limit, and ends the call when it is below the other: values scatter. */
class LimitAlarm extends Operator<Message, Start | Alarm | Stop> {
  readonly #options: { readonly channel: string; readonly above: number; readonly endsBelow: number };
  #isOn = false;

  constructor(options: { readonly channel: string; readonly above: number; readonly endsBelow: number }) {
    super();
    this.#options = options;
  }

  override process(message: Message): Start | Alarm | Stop | undefined {
    if (message.type !== "event") return message;
    const { channel, above, endsBelow } = this.#options;
    const value = (message.field("values") as Record<string, unknown>)[channel];
    // A channel has nothing for a pulse in which it did not measure.
    if (typeof value !== "number") return undefined;
    const isOn = this.#isOn ? value >= endsBelow : value > above;
    if (isOn === this.#isOn) return undefined;
    this.#isOn = isOn;
    return message.with({ metadata: { alarm: isOn, value }, payload: new Uint8Array(0) });
  }
}

class Bell extends Publisher<Start | Alarm | Stop> {
  override publish(message: Start | Alarm | Stop): void {
    if (message.type !== "event") return;
    const { alarm, value } = message.metadata;
    const pulse = ((message.envelope.timeMs ?? 0) - 1_732_200_000_000) / 10;
    console.log(`pulse ${pulse}: ${alarm ? "ALARM" : "good again"}, ${value} K`);
    if (!alarm) void reader?.stop();
  }
}

let reader: Block<Message, Start | Alarm | Stop> | undefined;

await atAddress(async (address) => {
  const source = new Block<AnyMessage, AnyMessage>({
    name: "beam-synchronous",
    listeners: [new Simulated(pulses())],
    publishers: [new ZmqPublisher({ bind: address, socket: "push", codec: bsread() })],
  });
  reader = new Block<Message, Start | Alarm | Stop>({
    name: "alarm",
    listeners: [new ZmqListener({ connect: address, socket: "pull", codec: bsread({ pulseStep: 1 }) })],
    operator: new LimitAlarm({ channel: CHANNEL, above: 5, endsBelow: 4.5 }),
    publishers: [new Bell()],
  });
  await run(source, reader);
});
