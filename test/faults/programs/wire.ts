import { Socket } from "node:net";
import type { ReaderName } from "../cases.ts";
import type { Stages } from "./stages.ts";

/** An AMQP frame of 13 bytes that is `basic.ack`. */
const AMQP_ACK = Buffer.from([0, 0, 0, 13, 0, 60, 0, 80]);
/** `basic.publish`. */
const AMQP_PUBLISH = Buffer.from([0, 60, 0, 40]);
const KAFKA_OFFSET_COMMIT = 8;

/** Tells of bytes on their way to a broker whether they acknowledge something. */
const COMMITS: Readonly<Record<ReaderName, (bytes: Buffer) => boolean>> = {
  "redis group": (bytes) => bytes.includes("XACK"),
  "redis cursor": (bytes) => bytes.includes("HSET") && bytes.includes(":arroyo:cursor:"),
  "kafka group": (bytes) => bytes.length > 6 && bytes.readInt16BE(4) === KAFKA_OFFSET_COMMIT,
  "rabbitmq queue": (bytes) => bytes.includes(AMQP_ACK),
  "rabbitmq stream": (bytes) => bytes.includes(AMQP_PUBLISH) && bytes.includes(".arroyo.cursor"),
};

/** Comes between a client and its socket where it acknowledges: what the product knows of that plays no part. */
export function watchCommits(reader: ReaderName, stages: Stages): void {
  const isCommit = COMMITS[reader];
  const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean;
  Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
    const [chunk] = args;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array);
    if (!isCommit(bytes)) return write.apply(this, args);
    return stages.around("committing", () => write.apply(this, args)) as boolean;
  } as Socket["write"];
}
