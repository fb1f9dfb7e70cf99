import type { Sent } from "../message/account.ts";
import type { Codec, Writer, Writing, Written } from "../message/codec.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { nativeCodec } from "../message/native/native-codec.ts";

type WireMessages = readonly (readonly Uint8Array[])[];

/** Sends results out. */
export abstract class Publisher<In extends AnyMessage = Message> {
  /** Exists only for the compiler: what this publisher takes. */
  declare readonly takes: (message: In) => void;
  /** True when `publish` resolves only after the other side has the message safely. */
  readonly confirms: boolean = false;
  /** True when the `publish` of a Stop resolves only after its whole run is safe: enough where runs are given again whole. */
  readonly confirmsRuns: boolean = false;
  /** The form of the bytes that `encode` makes. */
  readonly codec: Codec = nativeCodec;
  /** True when what is sent is dealt out among several readers. */
  readonly shared: boolean = false;
  /** True where only code of this package sees what is published, and keeps nothing of it once `publish` is done. */
  readonly keepsNothing: boolean = false;
  /** The name of the stream in Starts and signs of life; a block puts its own name here when there is none. */
  stream = "";
  #life: Life | undefined;
  /** True where somebody says how attempts end: else what could be repeated would pile up. */
  #repeats = false;

  /** Hears what a person should know and what is no error; a block sets it where nobody did. */
  onWarning: ((message: string) => void) | undefined;

  /** Hears how many messages some of its readers did not get, and why; a block sets it where nobody did. */
  onLeftOut: ((reason: string, messages: number) => void) | undefined;

  /** Connects; messages come only afterwards. */
  open(_signal: AbortSignal): void | Promise<void> {}

  /** Closes what `open` opened, after what was published has left. */
  close(): void | Promise<void> {}

  /** Sends one message, also Start and Stop; resolves when the other side has it as safely as `confirms` claims. */
  abstract publish(message: In): void | Promise<void>;

  /** Sends all that waits, in order; overridden where a transport can do better than one after the other. */
  publishBatch(messages: readonly In[]): void | Promise<void> {
    for (let next = 0; next < messages.length; next += 1) {
      const sent = this.publish(messages[next] as In);
      if (sent !== undefined) return this.#rest(sent, messages, next + 1);
    }
    return undefined;
  }

  async #rest(sent: Promise<void>, messages: readonly In[], next: number): Promise<void> {
    await sent;
    for (let index = next; index < messages.length; index += 1) await this.publish(messages[index] as In);
  }

  /** Says something that a person should know and that is no error. */
  protected warn(message: string): void {
    if (this.onWarning === undefined) process.emitWarning(message, "ArroyoWarning");
    else this.onWarning(message);
  }

  /** Counts messages that some of its readers did not get, in the account of the block. */
  protected leftOut(reason: string, messages: number): void {
    this.onLeftOut?.(reason, messages);
  }

  /** True where what `encode` gave is copied, if small, before the next message is encoded. */
  protected get copies(): boolean {
    return false;
  }

  /** Gives the topic under which an event goes out; Start and Stop have one of their own. */
  protected topicOf(_message: In): string | undefined {
    return undefined;
  }

  /** Makes the wire messages of a message; a repeated attempt gets the same bytes, with the same sequence. */
  protected encode(message: In): WireMessages {
    const life = this.#alive();
    const { repeating } = life;
    if (repeating !== undefined) {
      const index = life.encoded.findIndex((one, place) => place >= repeating && one.message === message);
      if (index >= 0) {
        life.repeating = index + 1;
        return (life.encoded[index] as Encoded).wire;
      }
      life.repeating = undefined;
    }
    const wire = life.writer(message, this.#writing(message));
    // Whoever does not confirm is given one message after the other, and nobody says that it is done.
    if (!this.confirms) {
      life.last = message;
      life.lastWire = wire;
    } else if (this.#repeats) life.encoded.push({ message, wire });
    return wire;
  }

  /** The writer of this life: its incarnation, and what a late joiner needs. */
  protected get writer(): Writer {
    return this.#alive().writer as Writer;
  }

  /** Tells the writer that an event is left out on purpose; for the platform. */
  leaveOut(message: In): void {
    this.#alive().writer.skip?.(message, this.#writing(message));
  }

  /** Says that a message that was refused is given up, so that the next one tells its readers; for the platform. */
  refused(message: In): void {
    const life = this.#life;
    const at = life?.encoded.findIndex((one) => one.message === message) ?? -1;
    // What was refused before it was written took no number.
    if (life === undefined || at < 0) return;
    const later = life.encoded.slice(at + 1);
    const told = life.writer.refused?.(life.encoded[at] as Encoded, later) ?? later;
    life.encoded = [...life.encoded.slice(0, at), ...told];
    if (life.repeating !== undefined) life.repeating = Math.min(life.repeating, at);
    life.last = undefined;
  }

  /** Says what this publisher sent of a run, as its source; for the platform. */
  sentOf(run: string): readonly Sent[] {
    return this.#life?.writer.sent?.(run) ?? [];
  }

  /** Begins a life, with a new incarnation; for the platform. */
  begin(stream: string): void {
    if (this.stream === "") this.stream = stream;
    this.#life = undefined;
    this.#repeats = true;
  }

  /** Says how the last attempt ended, so that a repetition gets the same bytes; for the platform. */
  attempted(outcome: "done" | "failed"): void {
    const life = this.#life;
    if (life === undefined) return;
    if (outcome === "failed") {
      life.repeating = 0;
      if (life.last !== undefined) life.encoded = [{ message: life.last, wire: life.lastWire }];
    } else if (life.repeating !== undefined) {
      // Of a batch that is repeated message by message the later ones are still to come.
      life.encoded.splice(0, life.repeating);
      life.repeating = 0;
    } else if (life.encoded.length > 0) life.encoded = [];
  }

  #writing(message: In): Writing | undefined {
    const topic = message.type === "event" ? this.topicOf(message) : undefined;
    return topic === undefined ? undefined : { topic };
  }

  #alive(): Life {
    this.#life ??= {
      writer: this.codec.writer({
        stream: this.stream,
        shared: this.shared,
        copied: this.copies,
      }) as Writer<AnyMessage>,
      encoded: [],
      repeating: undefined,
      last: undefined,
      lastWire: [],
    };
    return this.#life;
  }
}

/** Without the type of the messages, or a publisher of any message would not do for those of one operator. */
type Encoded = Written<AnyMessage>;

interface Life {
  readonly writer: Writer<AnyMessage>;
  /** What may have to be repeated, in order. */
  encoded: Encoded[];
  /** Where in it a repetition is; undefined while nothing is repeated. */
  repeating: number | undefined;
  /** The last message of a publisher that does not confirm. */
  last: AnyMessage | undefined;
  lastWire: WireMessages;
}
