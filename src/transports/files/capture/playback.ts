import type { FileHandle } from "node:fs/promises";
import { RejectedError } from "../../../errors.ts";
import type { PlatformInlet } from "../../../listener/listener.ts";
import type { AnyMessage } from "../../../message/message.ts";
import type { Settlement } from "../../../queue/settlement.ts";
import type { Clock } from "../../../time/clock.ts";
import { untilAborted } from "../../../time/wait.ts";
import type { Disk } from "../disk.ts";
import { type Damage, damageText } from "./damage.ts";
import type { Pace } from "./pace.ts";
import type { Place, StartPlace } from "./place.ts";
import { KIND } from "./record.ts";
import type { ReplayCodec } from "./replay-codec.ts";
import { begunSegments, openSegment, type Segment } from "./segment.ts";
import { FIRST_RECORD } from "./segment-header.ts";
import { SegmentReader } from "./segment-reader.ts";

/** What a playback takes its messages from, and where it puts them. */
export interface PlaybackOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly path: string;
  readonly codec: ReplayCodec;
  readonly pace: Pace;
  readonly inlet: Pick<PlatformInlet<AnyMessage>, "putFrames" | "lost" | "warn" | "connected">;
  readonly maxMessageBytes: number;
  readonly track: (position: number) => Settlement;
  /** Resolves when a capture that is still recorded may have become longer; undefined: the end is the end. */
  readonly growth: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly signal: AbortSignal;
}

/** After so long without a message, silence means nothing any more: it is ours. */
const PAUSE_MS = 1_000;
/** Damages are told one by one up to here; then only counted. */
const MAX_TOLD = 100;
const EMPTY = new Uint8Array(0);
const DAMAGED = "damaged in the capture";
const REMOVED = "removed from the capture before it was read";

/** Plays a capture once, from a place to its end. */
export class Playback {
  readonly #options: PlaybackOptions;
  /** The position of the next message. */
  #position: number;
  #told = 0;
  #isOver = false;

  constructor(options: PlaybackOptions, position: number) {
    this.#options = options;
    this.#position = position;
  }

  /** Resolves at the end, or at the abort. */
  async run(place: Place): Promise<void> {
    const { signal, inlet, pace } = this.#options;
    const over = (): void => {
      this.#isOver = true;
    };
    signal.addEventListener("abort", over, { once: true });
    try {
      if (place.missing > 0) inlet.lost(place.missing, REMOVED);
      pace.begin();
      for (const start of place.starts) await this.#startAgain(start);
      let from: Pick<Place, "offset" | "number"> = place;
      for (let number: number | undefined = place.segment; number !== undefined && !this.#isOver; ) {
        number = await this.#playSegment(number, from);
        from = { offset: FIRST_RECORD, number: 0 };
      }
    } finally {
      signal.removeEventListener("abort", over);
    }
  }

  /** Gives the Start of a run in the middle of which the playback begins. */
  async #startAgain({ file, offset }: StartPlace): Promise<void> {
    const { disk, codec, inlet, signal } = this.#options;
    const { segment, handle } = await openSegment(disk, file);
    try {
      const reader = this.#reader(segment, handle, offset, undefined, false);
      for (;;) {
        const found = reader.next();
        if (found === "more") {
          if ((await reader.fill()) !== "read") return;
          continue;
        }
        if (found === "record" && reader.header.kind === KIND.mark) continue;
        if (found !== "record" || this.#isOver) return;
        codec.isAgain = true;
        let wait: void | Promise<void>;
        try {
          wait = inlet.putFrames(reader.frames());
        } finally {
          codec.isAgain = false;
        }
        if (wait !== undefined) await untilAborted(wait, signal);
        return;
      }
    } finally {
      await handle.close();
    }
  }

  /** Plays a segment; gives the number of the one that comes next, if there is one. */
  async #playSegment(number: number, from: Pick<Place, "offset" | "number">): Promise<number | undefined> {
    const { disk, path, inlet } = this.#options;
    const file = (await begunSegments(disk, path)).find((one) => one.number === number);
    if (file === undefined) return this.#after(number);
    const { segment, handle } = await openSegment(disk, file);
    try {
      for (const damage of segment.damages) if (damage.from === 0) this.#tell(damage);
      const { base } = segment.header;
      if (base > this.#position) {
        inlet.lost(base - this.#position, DAMAGED);
        this.#position = base;
      }
      const isGrowing = this.#options.growth !== undefined && !segment.isClosed;
      const reader = this.#reader(segment, handle, from.offset, from.number, isGrowing);
      const next = await this.#play(reader, segment, isGrowing);
      return next ?? (await this.#after(number));
    } finally {
      await handle.close();
    }
  }

  /** Plays what a reader finds; gives the number of the next segment where that was seen while waiting for it. */
  async #play(reader: SegmentReader, segment: Segment, isGrowing: boolean): Promise<number | undefined> {
    const { growth, signal } = this.#options;
    let following: number | undefined;
    while (!this.#isOver) {
      const found = reader.next();
      for (const damage of reader.damages.splice(0)) this.#tell(damage);
      if (found !== "more") {
        const wait = reader.header.kind === KIND.message ? this.#message(found, reader, segment) : undefined;
        if (wait !== undefined) await wait;
        continue;
      }
      const filled = await reader.fill();
      if (filled === "read") continue;
      if (!isGrowing || growth === undefined) {
        if (!segment.isClosed && segment.size > segment.end) this.#tellTorn(segment);
        return undefined;
      }
      // The next segment is begun when this one is complete: then one more look is the last.
      if (following !== undefined) return following;
      following = await this.#following(segment.header.number);
      if (following === undefined) await this.#paused(growth(signal));
      reader.readAgain();
    }
    return undefined;
  }

  #message(found: "record" | "large" | "broken", reader: SegmentReader, segment: Segment): Promise<void> | undefined {
    const { header } = reader;
    const position = segment.header.base + header.number;
    if (position < this.#position) return undefined;
    this.#position = position + 1;
    const hold = this.#options.pace.until(header.timeMs, this.#options.signal);
    if (found === "record" && hold === undefined) return this.#put(reader.frames(), position);
    return this.#putLater(hold, found, reader, position, segment.path);
  }

  #put(frames: readonly Uint8Array[], position: number): Promise<void> | undefined {
    const { inlet, track, signal } = this.#options;
    const wait = inlet.putFrames(frames, track(position));
    return wait === undefined ? undefined : untilAborted(wait, signal);
  }

  async #putLater(
    hold: Promise<void> | undefined,
    found: "record" | "large" | "broken",
    reader: SegmentReader,
    position: number,
    path: string,
  ): Promise<void> {
    if (hold !== undefined) await this.#paused(hold);
    if (this.#isOver) return;
    if (found === "record") return this.#put(reader.frames(), position);
    const { codec, maxMessageBytes } = this.#options;
    const { length } = reader.header;
    const from = reader.recordOffset;
    const what =
      found === "large"
        ? `a message of ${length} bytes is larger than maxMessageBytes, ${maxMessageBytes}`
        : "the checksum of a message is wrong";
    this.#tell({ path, from, to: from + length, what, messages: 0 });
    codec.refusal = new RejectedError(
      found === "large" ? `more than ${maxMessageBytes} bytes` : "checksum of the recorded frames is wrong",
    );
    let wait: Promise<void> | undefined;
    try {
      wait = this.#put([EMPTY], position);
    } finally {
      codec.refusal = undefined;
    }
    await wait;
  }

  /** Waits for what is no silence of the stream. */
  async #paused(until: Promise<void>): Promise<void> {
    const { clock, inlet } = this.#options;
    let isAway = false;
    const cancel = clock.after(PAUSE_MS, () => {
      isAway = true;
      inlet.connected(false);
    });
    try {
      await until;
    } finally {
      cancel();
      if (isAway) inlet.connected(true);
    }
  }

  async #following(number: number): Promise<number | undefined> {
    const { disk, path } = this.#options;
    return (await begunSegments(disk, path)).find((file) => file.number > number)?.number;
  }

  /** Gives the next segment; waits for it where the capture is followed. */
  async #after(number: number): Promise<number | undefined> {
    const { growth, signal } = this.#options;
    for (;;) {
      const following = await this.#following(number);
      if (following !== undefined || growth === undefined || this.#isOver) return following;
      await this.#paused(growth(signal));
    }
  }

  #reader(
    { path, header, end }: Segment,
    handle: FileHandle,
    from: number,
    number: number | undefined,
    isGrowing: boolean,
  ): SegmentReader {
    const { maxMessageBytes } = this.#options;
    // What a message may have in bytes, it may have beside in padding.
    const maxBytes = maxMessageBytes + 8 * 64;
    const until = isGrowing ? Number.POSITIVE_INFINITY : end;
    return new SegmentReader({ path, handle, seed: header.seed, from, end: until, number, maxBytes });
  }

  #tellTorn({ path, end, size }: Segment): void {
    this.#tell({ path, from: end, to: size, what: "the file ends within a record", messages: undefined });
  }

  #tell(damage: Damage): void {
    const { inlet } = this.#options;
    if (damage.messages !== undefined && damage.messages > 0) {
      inlet.lost(damage.messages, DAMAGED);
    }
    this.#told += 1;
    if (this.#told <= MAX_TOLD) inlet.warn(damageText(damage));
    else if (this.#told === MAX_TOLD + 1) inlet.warn(`${damage.path}: more is damaged, which is only counted`);
  }
}
