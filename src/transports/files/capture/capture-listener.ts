import { UsageError } from "../../../errors.ts";
import { AckPrefix } from "../../../listener/ack-prefix.ts";
import { type Inlet, Listener, type PlatformInlet, platformInlet } from "../../../listener/listener.ts";
import type { Codec } from "../../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../../message/limits.ts";
import type { AnyMessage, Message } from "../../../message/message.ts";
import { nativeCodec } from "../../../message/native/native-codec.ts";
import { checkNames, nonEmptyText, oneOf, shown } from "../../../options/option-check.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import { type Disk, diskError, REAL_DISK } from "../disk.ts";
import { Growth } from "../growth.ts";
import { type CaptureFrom, checkedFrom } from "./capture-from.ts";
import type { CaptureSurroundings } from "./capture-publisher.ts";
import { checkGroup, GroupCursor } from "./group-cursor.ts";
import { type CaptureSpeed, checkSpeed, Pace } from "./pace.ts";
import { findPlace, type Place } from "./place.ts";
import { Playback } from "./playback.ts";
import { ReplayCodec } from "./replay-codec.ts";
import { captureIdOf } from "./segment.ts";

/** Says what a `CaptureListener` plays, from where, and how fast. */
export interface CaptureListenerOptions<M extends AnyMessage = Message> {
  /** The file that was recorded; its further segments are found beside it. */
  readonly path: string;
  /** How the frames are read: the codec that they were recorded with, or `rawCodec`. Default: the native one. */
  readonly codec?: Codec;
  /** A factor of the original speed, `max`: as fast as it is taken, or `step`: only what `step()` asks for. Default `max`. */
  readonly speed?: CaptureSpeed;
  /** Shortens longer silences to this, in ms, before the factor. Default: none is shortened. */
  readonly maxGapMs?: number;
  /**
   * Where the first start begins; a later one goes on behind what was finished. `committed`: where the group is, or at the
   * oldest message. Default `committed`.
   */
  readonly from?: CaptureFrom | "committed";
  /** The name under which is remembered what was finished, in a file beside the capture. Default: nothing is remembered. */
  readonly group?: string;
  /** Goes on with what is recorded later, instead of ending. Default false. */
  readonly follow?: boolean;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

const NAMES = ["path", "codec", "speed", "maxGapMs", "from", "group", "follow", "expect"];

/** Plays a capture: brings in what was recorded, as it came, at the speed that is asked for. */
export class CaptureListener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "log";
  override readonly codec: Codec;
  readonly #codec: ReplayCodec;
  readonly #path: string;
  readonly #follow: boolean;
  readonly #pace: Pace;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #cursor: GroupCursor;
  #from: CaptureFrom | "committed";
  #isReading = false;
  #warn: (message: string) => void = () => undefined;

  constructor(options: CaptureListenerOptions<M>, surroundings: CaptureSurroundings = {}) {
    super();
    const subject = "CaptureListener";
    checkNames(subject, options, NAMES);
    const { codec = nativeCodec, expect, maxGapMs = Number.POSITIVE_INFINITY } = options;
    if (typeof codec?.reader !== "function")
      throw new UsageError(`${subject}: codec: expected a codec, got ${shown(codec)}`);
    if (expect !== undefined && typeof expect !== "function") {
      throw new UsageError(`${subject}: expect: expected a function of a message, got ${shown(expect)}`);
    }
    if (typeof maxGapMs !== "number" || !(maxGapMs >= 0)) {
      throw new UsageError(`${subject}: maxGapMs: expected a number of milliseconds, got ${shown(maxGapMs)}`);
    }
    this.#path = nonEmptyText(subject, "path", options.path);
    this.#follow = oneOf(subject, "follow", options.follow, false, [true, false]);
    this.#from = checkedFrom(subject, options.from ?? "committed");
    this.#disk = surroundings.disk ?? REAL_DISK;
    this.#clock = surroundings.clock ?? systemClock;
    this.#pace = new Pace(this.#clock, checkSpeed(subject, options.speed), maxGapMs);
    this.#codec = new ReplayCodec(codec, expect);
    this.codec = this.#codec;
    const group = checkGroup(subject, options.group);
    this.#cursor = new GroupCursor(this.#disk, this.#clock, this.#path, group, (message) => this.#warn(message));
  }

  /** How fast it plays now. */
  get speed(): CaptureSpeed {
    return this.#pace.speed;
  }

  /** Goes on at another speed, from the next message on; `step` pauses. */
  play(speed: CaptureSpeed = 1): void {
    this.#pace.set(checkSpeed("CaptureListener", speed));
  }

  /** Lets so many more messages pass, and pauses behind them. */
  step(messages = 1): void {
    if (!Number.isSafeInteger(messages) || messages < 1) {
      throw new UsageError(`CaptureListener: step: expected a whole number, 1 or more, got ${shown(messages)}`);
    }
    this.#pace.step(messages);
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isReading) {
      throw new UsageError("CaptureListener: was started already; wait until start returns, or make another listener");
    }
    if (signal.aborted) return;
    this.#isReading = true;
    const growth = new Growth(this.#clock, this.#path);
    const platform = widened(inlet);
    this.#warn = (message) => platform.warn(`CaptureListener: ${message}`);
    try {
      await this.#cursor.load();
      await this.#play(platform, growth, signal);
    } catch (error) {
      throw diskError(`capture ${this.#path}`, "reading", error);
    } finally {
      growth.close();
      this.#isReading = false;
      await this.#cursor.end();
    }
  }

  async #play(inlet: Wide, growth: Growth, signal: AbortSignal): Promise<void> {
    let isReady = false;
    for (;;) {
      const place = await this.#place();
      if (!isReady) inlet.ready();
      isReady = true;
      if (signal.aborted) return;
      if (place === undefined) {
        await growth.next(signal);
        continue;
      }
      this.#cursor.begin(place.capture, place.position);
      this.#from = "committed";
      const prefix = new AckPrefix((position) => this.#cursor.commit(position));
      const playback = new Playback(
        {
          disk: this.#disk,
          clock: this.#clock,
          path: this.#path,
          codec: this.#codec,
          pace: this.#pace,
          inlet: {
            putFrames: (frames, settlement) => inlet.putFrames(frames, settlement),
            lost: (messages, reason) => inlet.lost(messages, reason),
            warn: this.#warn,
            connected: (isUp) => inlet.connected(isUp),
          },
          maxMessageBytes: inlet.limits.maxMessageBytes,
          track: (position) => prefix.track(position),
          growth: this.#follow ? (until) => growth.next(until) : undefined,
          signal,
        },
        place.position,
      );
      return await playback.run(place);
    }
  }

  /** Finds where to begin; undefined while there is nothing and that is waited for. */
  async #place(): Promise<Place | undefined> {
    const capture = await captureIdOf(this.#disk, this.#path);
    if (capture === undefined) {
      if (this.#follow) return undefined;
      throw new UsageError(`capture ${this.#path}: is not there; correct the path, or follow it to wait for it`);
    }
    const place = await findPlace(this.#disk, this.#path, this.#wanted(capture));
    if (place === undefined) return undefined;
    const { codec } = place;
    if (codec !== this.#codec.name && codec !== "raw" && this.#codec.name !== "raw") {
      throw new UsageError(
        `capture ${this.#path}: was recorded as ${codec}, and the codec is ${this.#codec.name}; ` +
          `give the codec ${codec}, or rawCodec`,
      );
    }
    return place;
  }

  #wanted(capture: string): CaptureFrom {
    if (this.#from !== "committed") return this.#from;
    const { next } = this.#cursor;
    if (next === undefined) return "oldest";
    if (this.#cursor.isOf(capture)) return { position: next };
    this.#warn(`${this.#path} is not the capture that this group read before; it is read from its beginning`);
    return "oldest";
  }
}

type Wide = Pick<PlatformInlet<AnyMessage>, "ready" | "putFrames" | "lost" | "warn" | "connected" | "limits">;

/** Outside of a block there is nobody to tell more than the messages. */
function widened<M extends AnyMessage>(inlet: Inlet<M>): Wide {
  const platform = platformInlet(inlet);
  if (platform !== undefined) return platform as unknown as Wide;
  return {
    limits: DEFAULT_LIMITS,
    ready: () => inlet.ready(),
    putFrames: (frames, settlement) => inlet.putFrames(frames, settlement),
    lost: (messages, reason) =>
      process.emitWarning(`CaptureListener: ${messages} messages: ${reason}`, "ArroyoWarning"),
    warn: (message) => process.emitWarning(message, "ArroyoWarning"),
    connected: () => undefined,
  };
}
