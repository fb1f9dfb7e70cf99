// What the publisher and the subscribers of the fan-out have in common.

const TOPIC = "frames";
const TOPIC_BYTES = Buffer.from(TOPIC, "latin1");
const PAYLOADS = 4;
const SAMPLES = 64;

/**
 * Makes the two frames of a message: the topic with its number, and a payload. Where a message is copied before the next one
 * is made, all topics may have one place.
 */
export class FanOutFrames {
  #payloads;
  #place;

  constructor(bytes, isCopied = false) {
    if (isCopied) this.#place = Buffer.alloc(TOPIC.length + 4);
    this.#payloads = Array.from({ length: PAYLOADS }, (_, which) => {
      const payload = Buffer.alloc(bytes);
      for (let at = 0; at < bytes; at += 1) payload[at] = (at * 31 + which * 7 + (at >> 8)) & 0xff;
      return payload;
    });
  }

  message(index) {
    const topic = this.#place ?? Buffer.allocUnsafe(TOPIC.length + 4);
    topic.set(TOPIC_BYTES);
    topic.writeUInt32BE(index, TOPIC.length);
    return [topic, this.payload(index)];
  }

  payload(index) {
    return this.#payloads[index % PAYLOADS];
  }
}

/** Follows the bytes of one subscriber without cutting them up: all messages have the same length. */
export class Following {
  #frames;
  #bytes;
  #before;
  /** Bytes of messages that came. */
  #came = 0;
  #head = Buffer.alloc(0);
  #length;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#frames = new FanOutFrames(bytes);
    this.#before = 2 + TOPIC.length + 4 + (bytes > 255 ? 9 : 2);
    this.#length = this.#before + bytes;
  }

  /** Whole messages that came. */
  get count() {
    return Math.floor(this.#came / this.#length);
  }

  /** Takes bytes; what they must be follows from where they stand. Samples of them are compared. */
  take(chunk) {
    const step = chunk.length < 4 * SAMPLES ? 1 : Math.floor(chunk.length / SAMPLES);
    for (let at = 0; at < chunk.length; at += step) {
      const place = this.#came + at;
      const [index, inside] = [Math.floor(place / this.#length), place % this.#length];
      if (chunk[at] !== this.#expected(index, inside))
        throw new Error(`message ${index}: byte ${inside} is another one`);
    }
    this.#came += chunk.length;
  }

  #expected(index, inside) {
    if (inside >= this.#before) return this.#frames.payload(index)[inside - this.#before];
    if (this.#head.index !== index) this.#head = this.#headOf(index);
    return this.#head[inside];
  }

  #headOf(index) {
    const [topic] = this.#frames.message(index);
    const long = Buffer.alloc(9);
    long[0] = 2;
    long.writeUInt32BE(this.#bytes, 5);
    const second = this.#bytes > 255 ? long : Buffer.from([0, this.#bytes]);
    return Object.assign(Buffer.concat([Buffer.from([1, topic.length]), topic, second]), { index });
  }
}
