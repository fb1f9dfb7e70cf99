// An operator fails in the middle of a run. With recover: "run" nothing of the run was acknowledged, so the next block is
// given the whole run again, from its Start, and the sum is right. With the default, recover: "message", it is given what
// was not finished, and a sum that was kept in memory is gone. Run it with: npx tsx examples/recover-run.ts
import { accountText, Block, type BlockOptions, Event, Operator, Publisher, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";

type Counts = Start | Event<{ counts: number }, Uint8Array> | Stop;

/** Adds up the counts of a run and says the sum in its Stop. */
class Sum extends Operator<Counts, Counts> {
  readonly #runs = this.perRun(() => ({ sum: 0 }));
  readonly #failAt: number;

  constructor(failAt: number) {
    super();
    this.#failAt = failAt;
  }

  override process(message: Counts): Counts | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") return new Stop({ sum: state.sum }, message.envelope);
    if (message.metadata.counts === this.#failAt) throw new Error("out of memory, say");
    state.sum += message.metadata.counts;
    return undefined;
  }
}

class Print extends Publisher<Counts> {
  override publish(message: Counts): void {
    if (message.type === "start") console.log(`start of ${message.run}, resumed: ${message.resumed}`);
    if (message.type === "stop") console.log(`stop of ${message.run}, ${message.reason}`, message.data);
  }
}

/** A log keeps messages and remembers for each group of readers what is finished. (This one lives as long as the process.) */
async function recordedRun(): Promise<MemoryChannel<Counts>> {
  const log = new MemoryChannel<Counts>({ mode: "log" });
  const recorder = new MemoryPublisher({ channel: log });
  await recorder.open(new AbortController().signal);
  await recorder.publish(new Start({}, { run: "scan-7" }));
  for (let counts = 1; counts <= 10; counts += 1) {
    await recorder.publish(new Event({ counts }, new Uint8Array(0), { run: "scan-7" }));
  }
  await recorder.publish(new Stop({}, { run: "scan-7" }));
  recorder.close();
  return log;
}

for (const recover of ["message", "run"] satisfies BlockOptions["recover"][]) {
  console.log(`\nrecover: "${recover}"`);
  const log = await recordedRun();
  const block = (name: string, failAt: number) =>
    new Block<Counts, Counts>({
      name,
      recover,
      listeners: [new MemoryListener({ channel: log, group: "sum" })],
      operator: new Sum(failAt),
      publishers: [new Print()],
    });

  const first = block("first", 6);
  await first.start();
  await first.finished.catch((error: unknown) => console.log((error as Error).message));

  const second = block("second", Infinity);
  await second.start();
  console.log(accountText(await second.finished));
}
