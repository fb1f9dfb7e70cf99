import assert from "node:assert/strict";
import { RejectedError, text } from "../../errors.ts";
import type { Codec, Decoded, Writer } from "../../message/codec.ts";
import { Event } from "../../message/event.ts";
import { DEFAULT_LIMITS, type Limits } from "../../message/limits.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { bytesOf, isNdArray, NdArray } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { type Cannot, type ConformanceCase, conformanceCases } from "./conformance-case.ts";
import { mutate } from "./mutations.ts";
import { oneOfEverything } from "./one-of-everything.ts";
import { seededRandom } from "./random.ts";
import { assertSameMessages, plain } from "./same-messages.ts";

type Wire = readonly Uint8Array[];

/** Describes a codec to its conformance suite. */
export interface CodecSubject {
  readonly name: string;
  readonly codec: Codec;
  /** Messages that the format can carry; left out: one of everything. */
  readonly messages?: readonly Message[];
  /** Gives what comes back for a written message, where the format does not carry all of it. */
  arrives?(written: Message): AnyMessage;
  /** Makes a message of about so many bytes in its payload; left out: an event of bytes. */
  large?(bytes: number): Message;
  /** Makes a message whose header, or whatever is not its payload, has about so many bytes. */
  wordy?(bytes: number): Message;
  /** Makes a message whose contents are nested so deep. */
  deep?(levels: number): Message;
  /** Damaged messages to try; default 2 000. */
  readonly mutations?: number;
  /** Where the mutations begin; default 1. */
  readonly seed?: number;
  /** Cases that this codec cannot do, by name, each with the reason. */
  readonly cannot?: Cannot;
}

/** Makes the cases that every codec must pass. */
export function codecSuite(subject: CodecSubject): readonly ConformanceCase[] {
  const checks = new CodecChecks(subject);
  return conformanceCases(
    subject.name,
    {
      "round trip - one of everything comes back, byte for byte": async () => checks.roundTrip(),
      "decoded - has the shape of the contract": async () => checks.shape(),
      "reader - keeps its state to itself": async () => checks.readersApart(),
      "writer - keeps its state to itself": async () => checks.writersApart(),
      "writer - gives the Starts of the open runs again": async () => checks.again(),
      "bytes - neither side changes what it is given": async () => checks.unchanged(),
      "zero copy - a payload is written as it is": async () => checks.writtenWithoutCopy(),
      "zero copy - a payload is read as a view": async () => checks.readWithoutCopy(),
      "limits - a message that is too large is rejected": async () => checks.tooLarge(),
      "limits - too many frames are rejected": async () => checks.tooManyFrames(),
      "limits - a header that is too large is rejected": async () => checks.headerTooLarge(),
      "limits - contents that are nested too deep are rejected": async () => checks.tooDeep(),
      "damage - is rejected or read, and never anything else": async () => checks.mutated(),
      "damage - does not stay with the reader": async () => checks.recovers(),
    },
    subject.cannot,
  );
}

/** Holds the bodies of the cases. */
class CodecChecks {
  readonly #subject: CodecSubject;
  readonly #codec: Codec;

  constructor(subject: CodecSubject) {
    this.#subject = subject;
    this.#codec = subject.codec;
  }

  roundTrip(): void {
    const messages = this.#messages();
    const read = this.#read(this.#write(messages));
    assertSameMessages(
      read.map(({ message }) => message),
      messages.map((message) => this.#arrives(message)),
    );
  }

  shape(): void {
    const last = new Map<string, number>();
    for (const decoded of this.#read(this.#write(this.#messages()))) {
      const { message, stream, sequence, control, hop } = decoded;
      const known = message instanceof Start || message instanceof Event || message instanceof Stop;
      assert.ok(known, `a reader gives Start, Event or Stop, not ${String(message)}`);
      if (stream !== undefined) assert.equal(typeof stream, "string", "stream");
      if (control !== undefined) assert.equal(typeof control, "boolean", "control");
      if (sequence === undefined) continue;
      assert.ok(Number.isSafeInteger(sequence) && sequence >= 0, `sequence: ${sequence}`);
      const key = hop === undefined ? `run ${message.run}` : `${hop.incarnation} ${hop.topic}`;
      const before = last.get(key);
      if (before !== undefined) assert.equal(sequence, before + 1, `sequences of ${key} follow each other`);
      last.set(key, sequence);
    }
  }

  readersApart(): void {
    const messages = this.#messages();
    const [left, right] = [this.#reader(), this.#reader()];
    const [leftWires, rightWires] = [this.#write(messages), this.#write([...messages].reverse())];
    const [fromLeft, fromRight]: [AnyMessage[], AnyMessage[]] = [[], []];
    for (let at = 0; at < Math.max(leftWires.length, rightWires.length); at += 1) {
      const [one, other] = [leftWires[at], rightWires[at]];
      if (one !== undefined) for (const { message } of left(one)) fromLeft.push(message);
      if (other !== undefined) for (const { message } of right(other)) fromRight.push(message);
    }
    assertSameMessages(fromLeft, this.#read(leftWires).map(messageOf));
    assertSameMessages(fromRight, this.#read(rightWires).map(messageOf));
  }

  writersApart(): void {
    const messages = this.#messages();
    const [one, other] = [this.#writer(), this.#writer()];
    const [fromOne, fromOther]: [Wire[], Wire[]] = [[], []];
    for (const message of messages) {
      fromOne.push(...one(message));
      fromOther.push(...other(message));
    }
    const expected = messages.map((message) => this.#arrives(message));
    assertSameMessages(this.#read(fromOne).map(messageOf), expected);
    assertSameMessages(this.#read(fromOther).map(messageOf), expected);
    if (one.incarnation !== undefined) {
      assert.notEqual(one.incarnation, other.incarnation, "two writers have the same incarnation");
    }
  }

  again(): void {
    const writer = this.#writer();
    assert.ok(writer.again !== undefined, "the writer has no again(); name the case in cannot");
    assert.deepEqual(writer.again(), [], "Starts are given again although no run is open");
    for (const run of ["a", "b", "c"]) writer(new Start({ run }, { run }));
    writer(new Stop({}, { run: "b" }));
    const copies = this.#read(writer.again());
    assert.deepEqual(copies.map(({ message }) => message.run).sort(), ["a", "c"], "the runs whose Starts come again");
    for (const { message, hop } of copies) {
      assert.ok(message.type === "start" && message.resumed, "a Start that is given again says resumed");
      assert.equal(hop?.copy, true, "a Start that is given again is marked as a copy");
    }
  }

  unchanged(): void {
    const messages = this.#messages();
    const before = messages.map(plain);
    const wires = this.#write(messages);
    assert.deepStrictEqual(messages.map(plain), before, "the writer changed a message");
    const bytes = wires.map((frames) => frames.map((frame) => new Uint8Array(frame)));
    for (const decoded of this.#read(wires)) touch(decoded);
    const after = wires.map((frames) => frames.map((frame) => new Uint8Array(frame)));
    assert.deepStrictEqual(after, bytes, "the reader changed what it was given");
  }

  writtenWithoutCopy(): void {
    const payload = new Uint8Array(new ArrayBuffer(1 << 20), 64, 1 << 19);
    const frames = this.#writer()(new Event({}, payload, { run: "r" })).flat();
    assert.ok(
      frames.some(({ buffer, byteOffset, length }) => sameView({ buffer, byteOffset, length }, payload)),
      "no frame is the payload itself: its bytes were copied",
    );
  }

  readWithoutCopy(): void {
    const data = Uint16Array.from({ length: 4096 }, (_, n) => n);
    const events = [new Event({}, new Uint8Array(data.buffer)), new Event({}, new NdArray(data, [64, 64]))];
    for (const wire of this.#write(events)) {
      // As from a socket: every frame at an even place of memory of its own.
      const frames = wire.map((frame) => new Uint8Array(frame));
      for (const { message } of this.#reader()(frames)) {
        assert.ok(message.type === "event");
        const { payload } = message;
        const { buffer } = isNdArray(payload) ? payload.data : payload;
        assert.ok(
          frames.some((frame) => frame.buffer === buffer),
          "the payload is not a view of what was received",
        );
      }
    }
  }

  tooLarge(): void {
    const limits = { ...DEFAULT_LIMITS, maxMessageBytes: 4096 };
    const large = (bytes: number): Message => this.#subject.large?.(bytes) ?? new Event({}, new Uint8Array(bytes));
    this.#assertWithin(limits, large(1024), large(8192), "a message of 8 kB where 4 kB are allowed");
  }

  tooManyFrames(): void {
    const [message] = this.#messages();
    const wire = this.#write([message as Message])[0] ?? [];
    const reader = this.#codec.reader({ ...DEFAULT_LIMITS, maxFrames: wire.length + 1 });
    const frames = [...wire, ...Array.from({ length: 3 }, () => new Uint8Array(1))];
    this.#assertRejected(() => reader(frames), `${frames.length} frames where ${wire.length + 1} are allowed`);
  }

  headerTooLarge(): void {
    const limits = { ...DEFAULT_LIMITS, maxHeaderBytes: 4096 };
    const wordy = (bytes: number): Message =>
      this.#subject.wordy?.(bytes) ?? new Event({ words: "w".repeat(bytes) }, new Uint8Array(1));
    this.#assertWithin(limits, wordy(100), wordy(8192), "a header of 8 kB where 4 kB are allowed");
  }

  tooDeep(): void {
    const limits = { ...DEFAULT_LIMITS, maxDepth: 10 };
    const deep = (levels: number): Message => this.#subject.deep?.(levels) ?? nested(levels);
    this.#assertWithin(limits, deep(3), deep(30), "contents 30 levels deep where 10 are allowed");
  }

  mutated(): void {
    const { mutations = 2_000, seed = 1 } = this.#subject;
    const limits: Limits = { maxMessageBytes: 1 << 20, maxHeaderBytes: 1 << 16, maxFrames: 16, maxDepth: 32 };
    const wires = this.#write(this.#messages());
    const random = seededRandom(seed);
    let reader = this.#codec.reader(limits);
    for (let index = 0; index < mutations; index += 1) {
      const wire = wires[Math.floor(random() * wires.length)] as Wire;
      const frames = mutate(wire, random);
      if (index % 100 === 0) reader = this.#codec.reader(limits);
      try {
        for (const decoded of reader(frames)) touch(decoded);
      } catch (error) {
        if (error instanceof RejectedError && error.reason !== "") continue;
        const bytes = frames.map((frame) => Buffer.from(frame).toString("base64"));
        assert.fail(`seed ${seed}, mutation ${index}: ${text(error)}; frames in base64: ${bytes.join(" ")}`);
      }
    }
  }

  recovers(): void {
    const random = seededRandom(this.#subject.seed ?? 1);
    const messages = this.#messages();
    const reader = this.#reader();
    const read: AnyMessage[] = [];
    for (const wire of this.#write(messages)) {
      // Cut short, so that it is surely no message: what could be one may change a reader's state.
      const cut = [(wire[0] ?? new Uint8Array(0)).slice(0, Math.floor(random() * 3))];
      try {
        reader(cut);
      } catch (error) {
        if (!(error instanceof RejectedError)) throw error;
      }
      for (const { message } of reader(wire)) read.push(message);
    }
    assertSameMessages(
      read,
      messages.map((message) => this.#arrives(message)),
    );
  }

  #assertWithin(limits: Limits, allowed: Message, refused: Message, what: string): void {
    const writer = this.#writer();
    const reader = this.#codec.reader(limits);
    for (const wire of writer(allowed)) for (const decoded of reader(wire)) touch(decoded);
    const wires = writer(refused);
    this.#assertRejected(() => {
      for (const wire of wires) for (const decoded of reader(wire)) touch(decoded);
    }, what);
  }

  #assertRejected(read: () => unknown, what: string): void {
    assert.throws(read, RejectedError, `${what} must be refused with a RejectedError`);
  }

  #messages(): readonly Message[] {
    return this.#subject.messages ?? oneOfEverything();
  }

  #arrives(message: Message): AnyMessage {
    return this.#subject.arrives?.(message) ?? message;
  }

  #writer(): Writer {
    return this.#codec.writer({ stream: "conformance" });
  }

  #reader(): (frames: Wire) => readonly Decoded[] {
    return this.#codec.reader(DEFAULT_LIMITS);
  }

  /** Writes all with one writer. */
  #write(messages: readonly Message[]): Wire[] {
    const writer = this.#writer();
    return messages.flatMap((message) => [...writer(message)]);
  }

  #read(wires: readonly Wire[]): readonly Decoded[] {
    const reader = this.#reader();
    return wires.flatMap((wire) => [...reader(wire)]);
  }
}

/** Reads everything that could be decoded late. */
function touch({ message }: Decoded<AnyMessage>): void {
  plain(message);
  if (message.type !== "event") return;
  message.field("anything");
  if (isNdArray(message.payload)) bytesOf(message.payload);
}

function nested(levels: number): Message {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
  return new Event({ value }, new Uint8Array(1));
}

function messageOf({ message }: Decoded): AnyMessage {
  return message;
}

function sameView(one: { buffer: ArrayBufferLike; byteOffset: number; length: number }, other: Uint8Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
}
