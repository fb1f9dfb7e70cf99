// The hop of arroyosas-hop.ts that is ours, of the built package as a user has it: `our-hop.mjs FROM TO [anew]`. Drains on
// SIGTERM and prints its account.
import { Block, run } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";

const [source, target, anew] = process.argv.slice(2);
const [account] = await run(
  new Block({
    name: "hop",
    listeners: [new ZmqListener({ connect: source, socket: "pull", codec: arroyosasCodec })],
    operator: (message) =>
      anew && message.type === "event" ? message.with({ metadata: { ...message.metadata } }) : message,
    publishers: [new ZmqPublisher({ connect: target, socket: "push", codec: arroyosasCodec })],
  }),
);
process.stdout.write(`${JSON.stringify(account)}\n`);
