// The frames of the ZeroMQ rows: headers by the native codec, made once and patched for each message.
import { Event, nativeCodec, Start, Stop } from "arroyojs";

/** Numbers of the origin begin here, so that all are written with as many bytes. */
const FIRST = 0x0100_0000;
const PRELUDE = 40;
const RUN = "5f1c6a0e-1f4c-4a53-b0a8-07ddc2a43d36";
const PAYLOADS = 4;
const SAMPLES = 64;

/**
 * Makes the messages of one run: a Start, events that are numbered in the header, a Stop. Where a message is copied before
 * the next one is made, all headers may have one place.
 */
export class Frames {
  #place;
  #write = nativeCodec.writer({ stream: "detector" });
  #payloads;
  #header;
  #originAt;

  constructor(bytes, isCopied = false) {
    this.#payloads = payloads(bytes);
    this.start = this.#write(new Start({ scan: 42 }, { run: RUN }))[0];
    const metadata = { frame: 1, exposure: 0.01, position: 12.5, name: "scan-42" };
    const origin = { stream: "detector", partition: "", sequence: FIRST };
    const trace = { parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
    const event = new Event(metadata, this.#payloads[0], { run: RUN, timeMs: 1.7e12, origin, trace });
    this.#header = this.#write(event)[0][0];
    this.#originAt = originAt(this.#header);
    if (isCopied) this.#place = Buffer.alloc(this.#header.length);
  }

  get headerBytes() {
    return this.#header.length;
  }

  /** Gives the frames of an event, with a header of its own. */
  event(index) {
    const header = this.#place ?? Buffer.allocUnsafe(this.#header.length);
    header.set(this.#header);
    header.writeUInt32LE(index, 8);
    header.writeUInt32BE(FIRST + index, this.#originAt);
    return [header, this.#payloads[index % PAYLOADS]];
  }

  /** The Stop of the run; the figures in it are those of this writer, which made one event only. */
  stop() {
    return this.#write(new Stop({}, { run: RUN }))[0];
  }
}

/** Checks what comes out at the end: every event once, in order, with its payload. */
export class Check {
  #payloads;
  #next = 0;
  #bytes;
  starts = 0;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#payloads = payloads(bytes);
  }

  get events() {
    return this.#next;
  }

  /** Takes the frames of a message, as any bytes; true for the Stop. */
  take(frames) {
    // Starts and Stops have a topic frame before the header.
    const header = frames[0][0] === 0x21 ? frames[1] : frames[0];
    if (header[4] === 1) this.starts += 1;
    if (header[4] !== 2) return header[4] === 3;
    const index = readUInt32BE(header, originAt(header)) - FIRST;
    if (index !== this.#next) throw new Error(`expected event ${this.#next}, got ${index}`);
    const [payload, known] = [frames[1], this.#payloads[index % PAYLOADS]];
    if (payload.length !== this.#bytes) throw new Error(`event ${index}: has ${payload.length} bytes`);
    const step = Math.ceil(this.#bytes / SAMPLES);
    for (let at = index % step; at < this.#bytes; at += step) {
      if (payload[at] !== known[at]) throw new Error(`event ${index}: byte ${at} is another one`);
    }
    this.#next += 1;
    return false;
  }
}

/** Where the origin's sequence stands: behind the head of the dynamic map, its name and the mark of 4 bytes. */
function originAt(header) {
  return PRELUDE + (header[6] | (header[7] << 8)) + 1 + 9 + 1;
}

function readUInt32BE(bytes, at) {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function payloads(bytes) {
  return Array.from({ length: PAYLOADS }, (_, which) => {
    const payload = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; at += 1) payload[at] = (at * 31 + which * 7 + (at >> 8)) & 0xff;
    return payload;
  });
}
