import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { observedCodec } from "../../message/observed-codec.ts";
import { checkNames, oneOf, shown, wholeNumber } from "../../options/option-check.ts";

/** Names a node of a Tiled server whose stream is read. */
export interface TiledNode {
  /** The keys that lead to the node, joined with `/`: `scan/primary/image`. Empty for the whole catalog. */
  readonly path: string;
  /** The key that the server knows, sent as `Apikey`; it is never shown. Default: none. */
  readonly apiKey?: string;
  /**
   * The first number to read, from 0 on, of those that the server kept: 0 for all of them, `new` for only what comes from
   * now on. Default 0. A connection that is made again goes on behind what came.
   */
  readonly start?: number | "new";
  /** The form of the messages. Default `msgpack`; `json` is for small arrays. */
  readonly envelope?: "msgpack" | "json";
}

const NAMES = ["path", "apiKey", "start", "envelope"];
/** What a server keeps where its producer ended the stream; it does not send it, but closes. */
const END: Uint8Array = new TextEncoder().encode('{"end_of_stream":true}');

/** Knows what to ask of a Tiled server, and up to where it has been read. */
export class TiledReading {
  /** What stands for the end, which the codec understands. */
  readonly end: Uint8Array = END;
  readonly headers: Readonly<Record<string, string>>;
  readonly #url: string;
  /** The next number to ask for; undefined for what comes from now on. */
  #next: number | undefined;
  #hasRead = false;

  constructor(subject: string, url: string, given: unknown) {
    const of = `${subject}: tiled`;
    checkNames(of, given, NAMES);
    const { path, apiKey, start = 0, envelope } = given as Partial<TiledNode>;
    if (typeof path !== "string") throw new UsageError(`${of}: path: expected keys as a/b/c, got ${shown(path)}`);
    if (apiKey !== undefined && (typeof apiKey !== "string" || !/^[\x21-\x7e]+$/.test(apiKey))) {
      throw new UsageError(`${of}: apiKey: expected a text without spaces, got ${typeof apiKey}`);
    }
    this.#next = start === "new" ? undefined : wholeNumber(of, "start", start, 0, 0);
    this.headers = apiKey === undefined ? {} : { authorization: `Apikey ${apiKey}` };
    this.#url = streamUrl(url, path, oneOf(of, "envelope", envelope, "msgpack", ["msgpack", "json"] as const));
  }

  /** The address of the stream, from where it goes on. */
  get url(): string {
    return this.#next === undefined ? this.#url : `${this.#url}&start=${this.#next}`;
  }

  /** Follows what is read of the stream. */
  followed(codec: Codec): Codec {
    return observedCodec(codec, {
      read: (all) => {
        for (const { sequence } of all) {
          if (sequence === undefined) continue;
          this.#hasRead = true;
          this.#next = sequence + 1;
        }
      },
    });
  }

  /** Notes that the producer ended the stream: the end has a number too, and asking for it again would only end again. */
  ended(): void {
    this.#next = this.#hasRead && this.#next !== undefined ? this.#next + 1 : undefined;
    this.#hasRead = false;
  }
}

function streamUrl(url: string, path: string, envelope: string): string {
  const address = new URL(url);
  const base = address.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
  const keys = path.split("/").filter((key) => key !== "");
  address.pathname = `${base}/api/v1/stream/single/${keys.map(encodeURIComponent).join("/")}`;
  address.searchParams.set("envelope_format", envelope);
  return address.href;
}
