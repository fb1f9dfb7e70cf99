import { type FileHandle, open } from "node:fs/promises";
import { diskFault } from "../disk-fault.ts";

/** Less than this is copied and written with what follows; more is written from where it is. */
const SMALL_BYTES = 64 * 1024;
/** So much is gathered before it is written. */
const GATHERED_BYTES = 1024 * 1024;

/** Opens files; tests let it fail. */
export type OpenFile = typeof open;

/**
 * Is a file that grows at its end, in which what stands there already can be changed. What could not be written is kept,
 * and written by a later attempt at the same place.
 */
export class GrowingFile {
  readonly path: string;
  readonly #open: OpenFile;
  #handle: FileHandle | undefined;
  #end: number;
  /** How long the file is. */
  #written = 0;
  #gathered: Buffer[] = [];
  #gatheredAt = 0;
  #gatheredBytes = 0;
  /** True while something was written that is not on the disk for certain. */
  #isDirty = false;

  private constructor(path: string, openFile: OpenFile, handle: FileHandle, begin: number) {
    this.path = path;
    this.#open = openFile;
    this.#handle = handle;
    this.#end = begin;
  }

  /** Makes a file that must not be there yet; `begin` is where what is appended begins. */
  static async create(path: string, begin: number, openFile: OpenFile = open): Promise<GrowingFile> {
    return new GrowingFile(path, openFile, await openFile(path, "wx+"), begin);
  }

  get end(): number {
    return this.#end;
  }

  /** Sets a part of the file aside, to be written later. */
  reserve(bytes: number): number {
    const address = this.#end;
    this.#end += bytes;
    return address;
  }

  /** Adds bytes at the end, and gives their address; what fails has not been added. */
  append(parts: readonly Uint8Array[]): number | Promise<number> {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (bytes > SMALL_BYTES) return this.#appendLarge(parts, bytes);
    if (this.#gatheredBytes >= GATHERED_BYTES) return this.flush().then(() => this.#gather(parts, bytes));
    if (this.#gatheredBytes > 0 && this.#end !== this.#gatheredAt + this.#gatheredBytes) {
      return this.flush().then(() => this.#gather(parts, bytes));
    }
    return this.#gather(parts, bytes);
  }

  /** Writes into what was set aside. */
  async put(address: number, bytes: Uint8Array): Promise<void> {
    await this.#write([bytes], address);
  }

  /** Writes what was gathered. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    await this.#write([Buffer.concat(this.#gathered)], this.#gatheredAt);
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  /** Makes the file as long as what was set aside. */
  async extend(): Promise<void> {
    if (this.#written < this.#end) await this.put(this.#end - 1, new Uint8Array(1));
  }

  /** Brings to the disk what was written. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    try {
      await (await this.#opened()).datasync();
    } catch (error) {
      throw diskFault(this.path, "bringing it to the disk", error);
    }
    this.#isDirty = false;
  }

  /** Gives the handle back; what is written later opens it again. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #gather(parts: readonly Uint8Array[], bytes: number): number {
    const address = this.reserve(bytes);
    if (this.#gatheredBytes === 0) this.#gatheredAt = address;
    // A copy: what was published may be used for something else.
    this.#gathered.push(Buffer.concat(parts, bytes));
    this.#gatheredBytes += bytes;
    return address;
  }

  async #appendLarge(parts: readonly Uint8Array[], bytes: number): Promise<number> {
    await this.flush();
    const address = this.#end;
    await this.#write(parts, address);
    return this.reserve(bytes);
  }

  async #write(parts: readonly Uint8Array[], at: number): Promise<void> {
    try {
      const handle = await this.#opened();
      this.#isDirty = true;
      let position = at;
      for (const part of parts) {
        for (let done = 0; done < part.length; ) {
          const { bytesWritten } = await handle.write(part, done, part.length - done, position);
          done += bytesWritten;
          position += bytesWritten;
          this.#written = Math.max(this.#written, position);
        }
      }
    } catch (error) {
      throw diskFault(this.path, "writing", error);
    }
  }

  async #opened(): Promise<FileHandle> {
    this.#handle ??= await this.#open(this.path, "r+");
    return this.#handle;
  }
}
