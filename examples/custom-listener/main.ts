// Reads an instrument over its own protocol while its connection breaks. Nothing is lost; what was not acknowledged when
// the cable was pulled comes twice: that is what "at least once" means.
// Run it with: npx tsx examples/custom-listener/main.ts
import { Block, type Message, Publisher, run } from "arroyojs";
import { Instrument } from "./instrument.ts";
import { InstrumentListener } from "./instrument-listener.ts";

await using instrument = await Instrument.open();
instrument.send('{ "type": "start", "run": "night-3", "data": { "sensor": "cryostat" } }');
for (let n = 1; n <= 5; n += 1) {
  instrument.send(`{ "type": "event", "run": "night-3", "metadata": { "kelvin": ${4 + n / 10} } }`);
}
instrument.send("this is no message");

class Print extends Publisher {
  override readonly confirms = true; // what is printed is safe

  override publish(message: Message): void {
    if (message.type !== "event") console.log(message.type, message.data);
    else console.log(message.metadata);
    if (message.type !== "event" || message.metadata["kelvin"] !== 4.5) return;
    instrument.cut(); // and then the cable is pulled
    for (let n = 6; n <= 8; n += 1) {
      instrument.send(`{ "type": "event", "run": "night-3", "metadata": { "kelvin": ${4 + n / 10} } }`);
    }
    instrument.send('{ "type": "stop", "run": "night-3" }');
    instrument.end();
  }
}

await run(
  new Block({
    name: "cryostat",
    listeners: [new InstrumentListener({ port: instrument.port })],
    publishers: [new Print()],
    guarantee: "at-least-once", // refused at the start if the parts could not keep it
    onError: "skip", // with the default, "fail", the line that is no message would end the block
  }),
);
