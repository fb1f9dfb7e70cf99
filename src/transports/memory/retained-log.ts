import type { Decoded, Hop } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { encodedBytes } from "../../message/ndarray.ts";
import { startAgain } from "./passing-writer.ts";

/** What a message costs beside its payload. */
const OVERHEAD_BYTES = 256;
/** How many runs whose Start was trimmed are remembered; publishers keep fewer open. */
const MAX_OPEN = 1024;

type Lifecycle = Decoded<AnyMessage> & { readonly hop: Hop };

/** Keeps messages in order, at positions that never come twice, and remembers the Starts of runs that it trimmed. */
export class RetainedLog {
  /** Position `p` stands at `p - #base`; what was trimmed is undefined until the list is moved. */
  #entries: (Decoded<AnyMessage> | undefined)[] = [];
  /** What each of them weighs. */
  #weights: number[] = [];
  #base = 0;
  #first = 0;
  #bytes = 0;
  /** The Starts of the runs that are open at the first position. */
  readonly #openAtFirst = new Map<string, Lifecycle>();

  /** The position of the oldest message that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The position of the next message. */
  get next(): number {
    return this.#base + this.#entries.length;
  }

  get messages(): number {
    return this.next - this.#first;
  }

  /** About how much memory the messages keep alive. */
  get bytes(): number {
    return this.#bytes;
  }

  append(decoded: Decoded<AnyMessage>): void {
    const { message } = decoded;
    // Whatever is kept longer than its settlement must not keep a larger received buffer alive.
    const kept = message.type === "event" ? message.keep() : message;
    this.#entries.push(kept === message ? decoded : { ...decoded, message: kept });
    const bytes = weight(kept);
    this.#weights.push(bytes);
    this.#bytes += bytes;
  }

  at(position: number): Decoded<AnyMessage> | undefined {
    return this.#entries[position - this.#base];
  }

  /** Takes the oldest message out. */
  trim(): Decoded<AnyMessage> | undefined {
    const index = this.#first - this.#base;
    const trimmed = this.#entries[index];
    if (trimmed === undefined) return undefined;
    this.#entries[index] = undefined;
    this.#first += 1;
    this.#bytes -= this.#weights[index] as number;
    follow(this.#openAtFirst, trimmed);
    if (index > 1024 && index > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(index + 1);
      this.#weights = this.#weights.slice(index + 1);
      this.#base = this.#first;
    }
    return trimmed;
  }

  /** Gives the Starts of the runs that are open at a position, as copies. */
  openAt(position: number): readonly Decoded<AnyMessage>[] {
    const open = new Map(this.#openAtFirst);
    for (let at = this.#first; at < position; at += 1) follow(open, this.at(at) as Decoded<AnyMessage>);
    return Array.from(open.values(), (start) => startAgain(start));
  }

  clear(): void {
    this.#first = this.next;
    this.#base = this.#first;
    this.#entries = [];
    this.#weights = [];
    this.#bytes = 0;
    this.#openAtFirst.clear();
  }
}

/** Follows which runs are open. */
function follow(open: Map<string, Lifecycle>, decoded: Decoded<AnyMessage>): void {
  const { message, hop } = decoded;
  if (hop === undefined) return;
  if (message.type === "event") {
    if (hop.open === undefined) return;
    for (const [key, start] of open) if (start.hop.incarnation === hop.incarnation) open.delete(key);
    return;
  }
  const key = `${hop.incarnation} ${message.run}`;
  open.delete(key);
  if (message.type === "stop") return;
  open.set(key, { ...decoded, hop });
  if (open.size > MAX_OPEN) open.delete(open.keys().next().value as string);
}

function weight(message: AnyMessage): number {
  if (message.type !== "event") return OVERHEAD_BYTES;
  const { payload } = message;
  if (ArrayBuffer.isView(payload)) return OVERHEAD_BYTES + payload.byteLength;
  return OVERHEAD_BYTES + (encodedBytes(payload) ?? payload.data).byteLength;
}
