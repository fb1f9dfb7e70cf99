import type { AnyMessage } from "../../message/message.ts";
import type { WritingSocket } from "./socket.ts";

/** Holds the wire messages that one message became. */
export type Wire = readonly (readonly Uint8Array[])[];

/** Says what a way of sending needs from the publisher. */
export interface Sender {
  /** Begins the messages of errors. */
  readonly subject: string;
  /** Makes the Starts of the open runs again; absent where the format cannot. */
  readonly again: (() => Wire) | undefined;
}

/** Brings wire messages to readers, by the pattern of the socket. */
export interface Sending {
  /** How many read now, as far as this side can see. */
  readonly readers: number;
  /** Sends what a message became; a promise says that there was no room at once. */
  send(wire: Wire, message: AnyMessage): void | Promise<void>;
  /** Sends a sign of life to everybody who has room, if anybody has; made only then. */
  signOfLife(make: () => readonly Uint8Array[] | undefined): void;
  /** Ends every wait. */
  close(): void;
}

/** Stands for one socket of a publisher. */
export interface Target {
  readonly socket: WritingSocket;
  /** The addresses, for errors. */
  readonly name: string;
  /** True for a socket that binds, to which several can come. */
  readonly isBound: boolean;
  /** True where nobody can say who is connected: at a bound inproc address. */
  readonly isUnseen: boolean;
}
