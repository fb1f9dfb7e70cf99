import { connect } from "node:net";

/** How long one answer is waited for. */
const PATIENCE_MS = 1_000;

/**
 * Sends a question to a port of the loopback interface and gives the first bytes of the answer, so many at least;
 * undefined where they do not come. An accepted connection alone is no answer: brokers accept before they serve.
 */
export function ask(port: number, question: Uint8Array | string, bytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let answer: Buffer = Buffer.alloc(0);
    const settle = (): void => {
      socket.destroy();
      resolve(answer.length >= bytes ? answer : undefined);
    };
    socket.setTimeout(PATIENCE_MS, settle);
    socket.on("error", settle);
    socket.on("end", settle);
    socket.on("connect", () => socket.write(question));
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= bytes) settle();
    });
  });
}
