import { Block, run } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { SubtractDark } from "./subtract-dark.ts";

const [source = "tcp://127.0.0.1:5555", target = "tcp://127.0.0.1:5556"] = process.argv.slice(2);

await run(
  new Block({
    name: "subtract-dark",
    listeners: [new ZmqListener({ connect: source, codec: arroyosasCodec })],
    operator: new SubtractDark(),
    publishers: [new ZmqPublisher({ bind: target, codec: arroyosasCodec })],
  }),
);
