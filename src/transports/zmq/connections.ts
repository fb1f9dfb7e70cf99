/** Names what the monitor of a libzmq socket tells; other names are ignored. */
export interface MonitorEvent {
  readonly type: string;
  readonly error?: { readonly code?: unknown; readonly status?: unknown; readonly message?: string };
}

/** Says how many peers a socket has, from the events of libzmq, which do not say whose they are. */
export class Connections {
  readonly #isCalling: boolean;
  /** Connections that exist, also those that have not shaken hands. */
  #open = 0;
  #greeted = 0;
  /** The next end of a connection is that of one which failed to shake hands: libzmq tells both together. */
  #failed = false;

  /** Who calls wants to know why nothing comes of it; who is called hears of port scans and health checks. */
  constructor(isCalling: boolean) {
    this.#isCalling = isCalling;
  }

  get peers(): number {
    return this.#greeted;
  }

  /** Takes an event in; gives a reason where a connection failed in a way that a person should know. */
  take(event: MonitorEvent): string | undefined {
    switch (event.type) {
      case "accept":
      case "connect":
        this.#open += 1;
        return undefined;
      case "handshake":
        this.#open = Math.max(this.#open, 1);
        this.#greeted = Math.min(this.#greeted + 1, this.#open);
        return undefined;
      case "disconnect":
        return this.#end();
      case "handshake:error:auth":
      case "handshake:error:protocol":
      case "handshake:error:other":
        this.#failed = true;
        return this.#isCalling || event.type !== "handshake:error:other" ? reason(event) : undefined;
      default:
        return undefined;
    }
  }

  /** Where one that shook hands and one that has not yet could both be meant, it is the second; the count corrects itself. */
  #end(): string | undefined {
    const isUnexplained = this.#isCalling && !this.#failed && this.#greeted === 0;
    this.#failed = false;
    this.#open = Math.max(this.#open - 1, 0);
    this.#greeted = Math.min(this.#greeted, this.#open);
    return isUnexplained ? UNEXPLAINED : undefined;
  }
}

const UNEXPLAINED =
  "ended before the handshake was over; a SUB can only talk to a PUB, a PULL to a PUSH, and both need the same security";

function reason({ type, error }: MonitorEvent): string {
  if (type === "handshake:error:auth") return "the server does not let this key or password in";
  const code = String(error?.code ?? error?.message ?? "");
  if (code === "ERR_ZMTP_MECHANISM_MISMATCH") return "one side uses CURVE or PLAIN, the other does not";
  if (code === "ERR_ZMTP_CRYPTOGRAPHIC") return "the client has another key for this server (CURVE)";
  if (type === "handshake:error:protocol") return `the handshake failed (${code})`;
  return "ended in the handshake; perhaps no ZeroMQ, another security, or another server key";
}
