import {
  type Command,
  commandFrame,
  credentials,
  malformedError,
  properties,
  readCredentials,
  readProperties,
  readReason,
  reasonOf,
} from "./command.ts";
import type { Greeting } from "./greeting.ts";
import { quoted, Refusal } from "./refusal.ts";

/** Names a pattern's end, as it stands in READY. */
export type SocketType = "PUB" | "SUB" | "XPUB" | "XSUB" | "PUSH" | "PULL";

/** A name and a password: sent in the clear. */
export interface Plain {
  readonly username: string;
  readonly password: string;
}

/** Says who we are in a handshake. */
export interface Role {
  readonly type: SocketType;
  /** Who we are to a PLAIN server, or whom we let in as one; without it the mechanism is NULL. */
  readonly plain: Plain | undefined;
  readonly isServer: boolean;
}

/** What the handshake says of a peer. */
export interface PeerFacts {
  readonly type: string;
  /** True for a peer of version 3.1 or newer, which takes subscriptions as commands. */
  readonly isNew: boolean;
}

/** What is to be done next: something to send, the end of the handshake, or both. */
export interface Step {
  readonly send?: Uint8Array;
  readonly ready?: PeerFacts;
}

const PARTNERS: Readonly<Record<SocketType, readonly string[]>> = {
  PUB: ["SUB", "XSUB"],
  XPUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
  XSUB: ["PUB", "XPUB"],
  PUSH: ["PULL"],
  PULL: ["PUSH"],
};

/** Gives the mechanism of a role. */
export function mechanismOf({ plain }: Role): string {
  return plain === undefined ? "NULL" : "PLAIN";
}

/** Follows one handshake after the greetings; it moves no bytes itself and throws Refusal. */
export class Handshake {
  readonly #role: Role;
  #greeting: Greeting | undefined;
  /** The command that has to come next. */
  #expected = "READY";

  constructor(role: Role) {
    this.#role = role;
  }

  greeted(greeting: Greeting): Step {
    const mechanism = mechanismOf(this.#role);
    if (greeting.mechanism !== mechanism) {
      throw new Refusal(`uses the security ${quoted(greeting.mechanism) || "(none)"}, we use ${mechanism}`);
    }
    this.#greeting = greeting;
    const { plain, isServer } = this.#role;
    if (plain === undefined) return { send: this.#ready("READY") };
    if (isServer) {
      this.#expected = "HELLO";
      return {};
    }
    this.#expected = "WELCOME";
    return { send: commandFrame("HELLO", credentials(plain.username, plain.password)) };
  }

  take({ name, data }: Command): Step {
    if (name === "ERROR") throw new Refusal(`refused us: ${readReason(data) || "no reason given"}`);
    if (name !== this.#expected) throw new Refusal(`sent ${quoted(name)} where ${this.#expected} was expected`);
    switch (name) {
      case "HELLO":
        return this.#hello(data);
      case "WELCOME":
        this.#expected = "READY";
        return { send: this.#ready("INITIATE") };
      case "INITIATE":
        return { ready: this.#facts(data), send: this.#ready("READY") };
      default:
        return { ready: this.#facts(data) };
    }
  }

  #hello(data: Uint8Array): Step {
    const given = readCredentials(data);
    const { username, password } = this.#role.plain as Plain;
    if (given.username !== username || given.password !== password) {
      throw new Refusal("gave a wrong name or password (PLAIN)", "400");
    }
    this.#expected = "INITIATE";
    return { send: commandFrame("WELCOME") };
  }

  #ready(name: "READY" | "INITIATE"): Uint8Array {
    return commandFrame(name, properties({ "Socket-Type": this.#role.type }));
  }

  #facts(data: Uint8Array): PeerFacts {
    const type = readProperties(data).get("socket-type");
    if (type === undefined) throw new Refusal("did not say what kind of socket it is");
    const partners = PARTNERS[this.#role.type];
    if (!partners.includes(type)) {
      throw new Refusal(
        `is a ${quoted(type)}; a ${this.#role.type} can only talk to ${partners.join(" or ")}`,
        "Invalid socket type",
      );
    }
    return { type, isNew: (this.#greeting as Greeting).isNew };
  }
}

/** Makes the command that tells a peer why it is refused; a PLAIN client of libzmq understands only its own misspelling. */
export function refusalFrame(told: string, role: Role): Uint8Array {
  return role.plain === undefined ? commandFrame("ERROR", reasonOf(told)) : malformedError(reasonOf(told));
}
