// A listener for an instrument's own protocol: numbered lines over TCP, each acknowledged by its number.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ConnectionError, type Inlet, jsonCodec, Listener, type Settlement, UsageError } from "arroyojs";

const MAX_LINE_BYTES = 1024 * 1024;
const END = Buffer.from("end");

/** Brings what an instrument measures. */
export class InstrumentListener extends Listener {
  /** What was not acknowledged comes again, so a block with this listener can promise "at least once". */
  override readonly replay = "unacked";
  /** The form of what is put into the inlet. What has another form is counted as rejected, and does no harm. */
  override readonly codec = jsonCodec;
  readonly #address: { readonly host: string; readonly port: number };
  #isReading = false;

  /** Only keeps its options: a constructor connects to nothing. */
  constructor(options: { readonly host?: string; readonly port: number }) {
    super();
    this.#address = { host: options.host ?? "127.0.0.1", port: options.port };
  }

  /** Makes one attempt. Returning means that the source ended; a connection error means "try me again". */
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    if (this.#isReading) throw new UsageError("InstrumentListener: reads already; make another one");
    if (signal.aborted) return;
    this.#isReading = true;
    const socket = connect(this.#address);
    const acks = new Acks(socket);
    try {
      await once(socket, "connect", { signal }); // throws ECONNREFUSED and the like, which are tried again
      inlet.ready();
      await read(socket, acks, inlet, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isReading = false;
      acks.close();
    }
  }
}

/** Reads until the instrument says "end", the signal aborts, or the connection breaks. */
function read(socket: Socket, acks: Acks, inlet: Inlet, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0);
    let isOver = false;
    const end = (error?: unknown): void => {
      isOver = true;
      signal.removeEventListener("abort", stop);
      if (error === undefined) resolve();
      else reject(error);
    };
    const stop = (): void => end();
    const take = async (chunk: Buffer): Promise<void> => {
      socket.pause(); // nothing is read before all of this is taken: that is the back-pressure
      rest = Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf("\n"); at >= 0 && !isOver; at = rest.indexOf("\n")) {
        const space = rest.indexOf(" ");
        const settlement = acks.of(Number(rest.subarray(0, space)));
        const message = rest.subarray(space + 1, at);
        rest = rest.subarray(at + 1);
        if (message.equals(END)) {
          await settlement.ack();
          end();
        } else await inlet.putFrames(message, settlement); // waits while the queue is full
      }
      if (rest.length > MAX_LINE_BYTES) throw new Error(`InstrumentListener: a line is longer than ${MAX_LINE_BYTES}`);
      socket.resume();
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.on("data", (chunk) => void take(chunk).catch(end));
    socket.on("error", end);
    socket.on("close", () => end(new ConnectionError("InstrumentListener: the connection was closed")));
  });
}

/** Sends acknowledgements, also after the reading has ended: what is still in work then is acknowledged when it is done. */
class Acks {
  readonly #socket: Socket;
  #open = 0;
  #isLeaving = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined); // without a connection there are no acks, and the lines come again
  }

  of(line: number): Settlement {
    this.#open += 1;
    return {
      ack: () => this.#settled(`ack ${line}\n`),
      nack: () => this.#settled(""), // without an "ack" the line comes again with the next connection
    };
  }

  /** Closes the connection when nothing is left to acknowledge. */
  close(): void {
    this.#isLeaving = true;
    this.#socket.resume();
    if (this.#open === 0) this.#socket.end();
  }

  #settled(text: string): void {
    this.#open -= 1;
    if (text !== "" && this.#socket.writable) this.#socket.write(text);
    if (this.#isLeaving) this.close();
  }
}
