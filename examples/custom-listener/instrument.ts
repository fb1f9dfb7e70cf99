// Stands for an instrument with a protocol of its own: it waits for a reader on a TCP port and sends lines, each with a
// number and a message in JSON. The reader answers "ack NUMBER" when it is done with one; what was not acknowledged is
// sent again over the next connection.
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

export class Instrument implements AsyncDisposable {
  readonly #server: Server;
  readonly #unacknowledged = new Map<number, Buffer>();
  readonly #connections = new Set<Socket>();
  #reader: Socket | undefined;
  #sent = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#connected(socket));
  }

  /** Makes one that listens on a free port. */
  static async open(): Promise<Instrument> {
    const instrument = new Instrument();
    await new Promise<void>((resolve) => instrument.#server.listen(0, "127.0.0.1", resolve));
    return instrument;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Sends a line. */
  send(json: string | Uint8Array): void {
    this.#sent += 1;
    const line = Buffer.concat([Buffer.from(`${this.#sent} `), Buffer.from(json as Uint8Array), Buffer.from("\n")]);
    this.#unacknowledged.set(this.#sent, line);
    this.#reader?.write(line);
  }

  /** Says that nothing more will come. */
  end(): void {
    this.send("end");
  }

  /** Breaks the connection, as a bad cable would. */
  cut(): void {
    this.#reader?.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(socket: Socket): void {
    this.#reader = socket;
    this.#connections.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#connections.delete(socket));
    for (const line of this.#unacknowledged.values()) socket.write(line);
    createInterface(socket).on("line", (line) => this.#unacknowledged.delete(Number(line.replace("ack ", ""))));
  }
}
