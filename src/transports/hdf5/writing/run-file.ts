import { unlink } from "node:fs/promises";
import { UsageError } from "../../../errors.ts";
import type { Event } from "../../../message/event.ts";
import { jsonCodec } from "../../../message/json-codec.ts";
import type { Payload } from "../../../message/message.ts";
import type { Start } from "../../../message/start.ts";
import type { Stop } from "../../../message/stop.ts";
import { LAYOUT, LAYOUT_VERSION, MAX_TEXT_BYTES } from "../format/layout.ts";
import { ArraySets } from "./array-sets.ts";
import { textAttribute } from "./attributes.ts";
import { EventColumns } from "./event-columns.ts";
import type { Group } from "./group.ts";
import type { OpenFile } from "./growing-file.ts";
import { MetadataColumns } from "./metadata-columns.ts";
import { addValues } from "./plain-values.ts";
import type { FrameCompression } from "./stored-chunk.ts";
import { TreeFile } from "./tree-file.ts";
import { Value } from "./value.ts";

/** Says what a file is begun with. */
export interface RunFileOptions {
  readonly path: string;
  /** The id of the run; undefined for events of none. */
  readonly run: string | undefined;
  readonly start: Start<unknown> | undefined;
  /** Names the Start, to know it again. */
  readonly startOrigin: string;
  readonly stream: string;
  readonly definition: string | undefined;
  readonly compression: FrameCompression;
  readonly nowMs: number;
  readonly open?: OpenFile;
}

const WRITE_EVENTS = 256;

/** Is the file of one run, as NeXus has it, while it is written. */
export class RunFile {
  readonly #tree: TreeFile;
  readonly #entry: Group;
  readonly #events: EventColumns;
  #changed = true;
  #isFinished = false;

  private constructor(tree: TreeFile, options: RunFileOptions) {
    const { run, start, stream, definition, compression, nowMs } = options;
    this.#tree = tree;
    const { root, file } = tree;
    this.#attribute(root, "NX_class", "NXroot");
    this.#attribute(root, "default", "entry");
    this.#attribute(root, "creator", "arroyojs");
    this.#attribute(root, "file_time", new Date(nowMs).toISOString());
    this.#attribute(root, LAYOUT.version, LAYOUT_VERSION);
    this.#entry = root.group("entry");
    this.#attribute(this.#entry, "NX_class", "NXentry");
    this.#attribute(this.#entry, "default", "data");
    this.#attribute(this.#entry, LAYOUT.stream, stream);
    this.#attribute(this.#entry, LAYOUT.origin, options.startOrigin);
    if (definition !== undefined) this.#text("definition", definition);
    if (run !== undefined) this.#text("entry_identifier", run);
    this.#text("program_name", "arroyojs");
    this.#text("start_time", isoTime(start?.envelope.timeMs, nowMs));
    const data = this.#group(this.#entry, "data", "NXdata");
    this.#attribute(data, "signal", "data");
    const events = this.#group(this.#entry, "events", "NXcollection");
    const metadata = new MetadataColumns(tree, this.#group(this.#entry, "metadata", "NXcollection"));
    this.#events = new EventColumns(tree, events, new ArraySets(file, data, compression), metadata);
    if (start !== undefined) this.#message("start", start);
  }

  /** Makes the file; it can be read from the beginning. */
  static async create(options: RunFileOptions): Promise<RunFile> {
    const tree = await TreeFile.create(options.path, options.open);
    try {
      const made = new RunFile(tree, options);
      await made.flush(false);
      return made;
    } catch (error) {
      await tree.file.close().catch(() => undefined);
      await unlink(options.path).catch(() => undefined);
      throw error;
    }
  }

  get path(): string {
    return this.#tree.file.path;
  }

  /** Adds an event; what fails has not been added. */
  add(event: Event<unknown, Payload>): void | Promise<void> {
    this.#changed = true;
    const wait = this.#events.add(event);
    // What fills chunks must not be kept until somebody asks for a file that can be read.
    const isDue = this.#events.count % WRITE_EVENTS === 0 || !("dtype" in event.payload);
    if (!isDue) return wait;
    return Promise.resolve(wait).then(() => this.#events.writeChunks());
  }

  /** Makes everything readable; `isSafe`: also after the power went. */
  async flush(isSafe: boolean): Promise<void> {
    if (this.#changed) await this.#tree.flush(isSafe);
    else if (isSafe) await this.#tree.file.sync();
    this.#changed = false;
  }

  /** Ends the file: says when and why, and brings it to the disk. */
  async finish(stop: Stop<unknown> | undefined, nowMs: number): Promise<void> {
    if (!this.#isFinished) {
      this.#text("end_time", isoTime(stop?.envelope.timeMs, nowMs));
      if (stop !== undefined) {
        this.#attribute(this.#entry, "reason", stop.reason);
        this.#message("stop", stop);
      }
      this.#isFinished = true;
      this.#changed = true;
    }
    await this.flush(true);
    await this.close();
  }

  /** Gives the handle back; the file can still be gone on with. */
  async close(): Promise<void> {
    await this.#tree.file.close();
  }

  #message(name: "start" | "stop", message: Start<unknown> | Stop<unknown>): void {
    const [[json]] = jsonCodec.writer()(message as Start) as [[Uint8Array]];
    if (json.length > MAX_TEXT_BYTES) {
      throw new UsageError(`hdf5: the ${name} has ${json.length} bytes; put large arrays into events instead`);
    }
    const group = this.#group(this.#entry, name, "NXcollection");
    this.#attribute(group, LAYOUT.message, Buffer.from(json).toString());
    addValues(this.#tree, group, message.data);
  }

  #group(parent: Group, name: string, nexusClass: string): Group {
    const group = parent.group(name);
    this.#attribute(group, "NX_class", nexusClass);
    return group;
  }

  #attribute(group: Group, name: string, text: string): void {
    group.attribute(textAttribute(this.#tree, name, text));
  }

  #text(name: string, text: string): void {
    this.#entry.add(name, new Value(this.#tree.file, "text", [], this.#tree.texts.add(text)));
  }
}

/** Writes a time as ISO 8601; one that no calendar has is that of now. */
function isoTime(timeMs: number | undefined, nowMs: number): string {
  const date = new Date(timeMs ?? nowMs);
  return Number.isNaN(date.getTime()) ? new Date(nowMs).toISOString() : date.toISOString();
}
