// Takes from one queue of RabbitMQ and sends to another: a block, or a loop over bare amqplib.
import { options, order, say } from "./talk.mjs";

const { kind, url, window } = options;

if (kind === "bare") {
  const { connect } = (await import("amqplib")).default;
  const model = await connect(url, { noDelay: true });
  const input = await model.createChannel();
  const output = await model.createConfirmChannel();
  await input.prefetch(2 * window);
  say("ready");
  await order("go");
  let cpu = process.cpuUsage();
  void order("warm").then(() => {
    cpu = process.cpuUsage();
  });
  let sent = [];
  let open = 0;
  // Half of what is on its way makes a batch: acknowledged with one word when all of it is confirmed.
  await input.consume("in", (message) => {
    const batch = sent;
    batch.push(message);
    open += 1;
    if (batch.length === 1) setImmediate(end, batch);
    output.sendToQueue("out", message.content, { persistent: true, mandatory: true }, (error) => {
      if (error) throw error;
      batch.confirmed = (batch.confirmed ?? 0) + 1;
      open -= 1;
      settle(batch);
    });
    if (batch.length === window) end(batch);
  });
  const batches = [];
  function end(batch) {
    if (batch !== sent) return;
    batches.push(batch);
    sent = [];
    settle(batch);
  }
  function settle() {
    while (batches.length > 0 && batches[0].confirmed === batches[0].length) {
      input.ack(batches.shift().at(-1), true);
    }
  }
  await order("end");
  const used = process.cpuUsage(cpu);
  // What stands in the output is confirmed a little later.
  while (open > 0 || sent.length > 0 || batches.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  say("ended", { cpu: used });
  await input.close();
  await model.close();
  process.disconnect();
} else {
  const { Block } = await import("arroyojs");
  const { AmqpListener, AmqpPublisher } = await import("arroyojs/amqp");
  say("ready");
  await order("go");
  let cpu = process.cpuUsage();
  void order("warm").then(() => {
    cpu = process.cpuUsage();
  });
  const block = new Block({
    name: "forward",
    guarantee: "at-least-once",
    listeners: [new AmqpListener({ url, queue: "in" })],
    publishers: [new AmqpPublisher({ url, queue: "out" })],
  });
  await block.start();
  await order("end");
  const used = process.cpuUsage(cpu);
  const { received, finished, published, left, rejected } = await block.stop();
  say("ended", { cpu: used, account: { received, finished, published, left, rejected } });
  process.disconnect();
}
