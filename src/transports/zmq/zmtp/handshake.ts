import { admits, isPlainServer, type ZmqPlain, type ZmqPlainServer } from "../plain.ts";
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
import { type Greeting, greeting } from "./greeting.ts";
import { quoted, Refusal } from "./refusal.ts";

/** Names a pattern's end, as it stands in READY. */
export type SocketType =
  | "PUB"
  | "SUB"
  | "XPUB"
  | "XSUB"
  | "PUSH"
  | "PULL"
  | "PAIR"
  | "REQ"
  | "REP"
  | "DEALER"
  | "ROUTER";

/** Says who we are in a handshake. */
export interface Role {
  readonly type: SocketType;
  /** Who we are to a PLAIN server, or whom we let in as one; without it the mechanism is NULL. */
  readonly plain: ZmqPlain | undefined;
  /** The name by which a ROUTER shall know us; absent where it may take one of its own. */
  readonly identity?: Uint8Array;
}

/** What the handshake says of a peer. */
export interface PeerFacts {
  readonly type: string;
  /** True for a peer of version 3.1 or newer, which takes subscriptions as commands. */
  readonly isNew: boolean;
  /** The name that it gave itself; empty for none. */
  readonly identity: Uint8Array;
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
  PAIR: ["PAIR"],
  REQ: ["REP", "ROUTER"],
  REP: ["REQ", "DEALER"],
  DEALER: ["REP", "DEALER", "ROUTER"],
  ROUTER: ["REQ", "DEALER", "ROUTER"],
};

/** Those that say their name, even where it is empty, as libzmq does it. */
const NAMED: readonly SocketType[] = ["REQ", "DEALER", "ROUTER"];
const MAX_IDENTITY_BYTES = 255;

/** Says who may talk to us. */
export function partnersOf({ type }: Role): string {
  return `a ${type} can only talk to ${PARTNERS[type].join(" or ")}`;
}

/** Makes our greeting. */
export function greetingOf({ plain }: Role): Uint8Array {
  return greeting(plain === undefined ? "NULL" : "PLAIN", plain !== undefined && isPlainServer(plain));
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
    const { plain } = this.#role;
    const mechanism = plain === undefined ? "NULL" : "PLAIN";
    if (greeting.mechanism !== mechanism) {
      throw new Refusal(`uses the security ${quoted(greeting.mechanism) || "(none)"}, we use ${mechanism}`);
    }
    this.#greeting = greeting;
    if (plain === undefined) return { send: this.#ready("READY") };
    if (isPlainServer(plain)) {
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
    const { username, password } = readCredentials(data);
    if (!admits(this.#role.plain as ZmqPlainServer, username, password)) {
      throw new Refusal("gave a wrong name or password (PLAIN)", "400");
    }
    this.#expected = "INITIATE";
    return { send: commandFrame("WELCOME") };
  }

  #ready(name: "READY" | "INITIATE"): Uint8Array {
    const { type, identity = new Uint8Array(0) } = this.#role;
    const own = { "Socket-Type": type };
    return commandFrame(name, properties(NAMED.includes(type) ? { ...own, Identity: latin1(identity) } : own));
  }

  #facts(data: Uint8Array): PeerFacts {
    const properties = readProperties(data);
    const type = properties.get("socket-type");
    if (type === undefined) throw new Refusal("did not say what kind of socket it is");
    const partners = PARTNERS[this.#role.type];
    if (!partners.includes(type)) {
      throw new Refusal(`is a ${quoted(type)}; ${partnersOf(this.#role)}`, "Invalid socket type");
    }
    const identity = Buffer.from(properties.get("identity") ?? "", "latin1");
    if (identity.length > MAX_IDENTITY_BYTES || identity[0] === 0) {
      throw new Refusal(`has a name that is none: 1 to ${MAX_IDENTITY_BYTES} bytes, the first of them not zero`);
    }
    return { type, isNew: (this.#greeting as Greeting).isNew, identity };
  }
}

/** Makes the command that tells a peer why it is refused; a PLAIN client of libzmq understands only its own misspelling. */
export function refusalFrame(told: string, role: Role): Uint8Array {
  return role.plain === undefined ? commandFrame("ERROR", reasonOf(told)) : malformedError(reasonOf(told));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
