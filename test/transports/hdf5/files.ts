import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress } from "../../../src/compression/index.ts";
import { compressedArray } from "../../../src/message/documents/compressed-array.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import type { DType, NdArray } from "../../../src/message/ndarray.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { Hdf5Listener, type Hdf5ListenerOptions } from "../../../src/transports/hdf5/reading/hdf5-listener.ts";
import {
  Hdf5Publisher,
  type Hdf5PublisherOptions,
  type Hdf5Surroundings,
} from "../../../src/transports/hdf5/writing/hdf5-publisher.ts";

/** Is a folder of its own that is gone at the end of the test. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), "arroyo-hdf5-")));
  }

  of(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** Gives the paths of all files in it. */
  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Makes a publisher and opens it. */
export async function opened(options: Hdf5PublisherOptions, surroundings?: Hdf5Surroundings): Promise<Hdf5Publisher> {
  const publisher = new Hdf5Publisher(options, surroundings);
  publisher.begin("detector");
  await publisher.open(new AbortController().signal);
  return publisher;
}

/** Publishes messages, and closes. */
export async function write(options: Hdf5PublisherOptions, messages: readonly AnyMessage[]): Promise<void> {
  const publisher = await opened(options);
  for (const message of messages) await publisher.publish(message as never);
  await publisher.close();
}

/** Reads a file, or several, to their end. */
export async function read(options: Hdf5ListenerOptions<AnyMessage>): Promise<RecordingInlet> {
  const listener = new Hdf5Listener<AnyMessage>(options);
  const inlet = new RecordingInlet(listener.codec);
  await listener.start(inlet, new AbortController().signal);
  return inlet;
}

/** Makes a frame that is compressed, as a detector sends it. */
export function compressed(elements: Uint16Array, shape: readonly number[]): NdArray<DType> {
  const compression = { name: "bslz4", elementSize: 2, framing: "framed" } as const;
  const bytes = compress(compression, new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
  const type = { dtype: "uint16", bigEndian: false } as const;
  return compressedArray({ type, shape, compression, maxBytes: elements.byteLength }, bytes, "frame");
}
