import { type FileHandle, open } from "node:fs/promises";
import { RejectedError } from "../../../errors.ts";
import { diskFault } from "../disk-fault.ts";
import { SIGNATURE } from "../format/message-types.ts";
import { ByteReader } from "./byte-reader.ts";

/** The signature stands at 0, or behind a block that belongs to the user: at 512, 1024, and so on. */
const MAX_USER_BLOCK = 2 ** 20;
/** Everything that only describes is smaller. */
const MAX_PART_BYTES = 64 * 1024 * 1024;
const PAGE_BYTES = 4096;

/** Is an HDF5 file that is open for reading: its bytes, and where the tree of its objects begins. */
export class StoredFile {
  readonly path: string;
  readonly #size: number;
  readonly #opened: (file: StoredFile) => Promise<void>;
  #handle: FileHandle | undefined;
  #base = 0;
  #root = 0;
  /** What was read last: descriptions are small and stand together. */
  #page: Buffer = Buffer.alloc(0);
  #pageAt = 0;

  private constructor(path: string, handle: FileHandle, size: number, opened: (file: StoredFile) => Promise<void>) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
    this.#opened = opened;
  }

  /** Opens a file; `opened` hears each time that it takes a handle, which `close` gives back until it is read again. */
  static async open(path: string, opened: (file: StoredFile) => Promise<void>): Promise<StoredFile> {
    const { handle, size } = await openedAt(path);
    try {
      const file = new StoredFile(path, handle, size, opened);
      await file.#begin();
      await opened(file);
      return file;
    } catch (error) {
      await handle.close();
      throw diskFault(path, "reading", error);
    }
  }

  /** The address of the root group. */
  get root(): number {
    return this.#root;
  }

  /** Reads a part of the file that describes something. */
  async part(address: number, length: number): Promise<Buffer> {
    if (length > MAX_PART_BYTES) {
      throw new RejectedError(`hdf5: a description of ${length} bytes is too large; the file is damaged`);
    }
    const at = address - this.#pageAt;
    if (at >= 0 && at + length <= this.#page.length) return this.#page.subarray(at, at + length);
    this.#check(address, length);
    if (length > PAGE_BYTES) return this.#read(address, length);
    this.#page = await this.#read(address, Math.min(PAGE_BYTES, this.#size - this.#base - address));
    this.#pageAt = address;
    return this.#page.subarray(0, length);
  }

  /** Reads bytes into memory of their own. */
  async bytes(address: number, length: number): Promise<Uint8Array> {
    this.#check(address, length);
    return new Uint8Array((await this.#read(address, length)).buffer);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #check(address: number, length: number): void {
    if (address >= 0 && length >= 0 && this.#base + address + length <= this.#size) return;
    throw new RejectedError(`hdf5: ${length} bytes at ${address} are not in the file; it is damaged, or was cut off`);
  }

  async #read(address: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    const handle = this.#handle ?? (await this.#again());
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(buffer, done, length - done, this.#base + address + done);
        if (bytesRead === 0) throw new RejectedError("hdf5: the file became shorter while it was read");
        done += bytesRead;
      }
    } catch (error) {
      throw diskFault(this.path, "reading", error);
    }
    return buffer;
  }

  async #again(): Promise<FileHandle> {
    const { handle, size } = await openedAt(this.path);
    this.#handle = handle;
    if (size !== this.#size) throw new RejectedError(`hdf5 ${this.path}: was changed while it was read`);
    await this.#opened(this);
    return handle;
  }

  async #begin(): Promise<void> {
    for (let at = 0; at <= MAX_USER_BLOCK && at + 48 <= this.#size; at = at === 0 ? 512 : at * 2) {
      const head = await this.#read(at, Math.min(128, this.#size - at));
      if (head.compare(SIGNATURE, 0, 8, 0, 8) !== 0) continue;
      this.#superblock(new ByteReader(head, 8), at);
      return;
    }
    throw new RejectedError(`hdf5 ${this.path}: is no HDF5 file, or was never finished`);
  }

  #superblock(reader: ByteReader, at: number): void {
    const version = reader.version("a superblock", [0, 1, 2, 3]);
    if (version < 2) reader.skip(4);
    const [offsets, lengths] = [reader.u8(), reader.u8()];
    if (offsets !== 8 || lengths !== 8) {
      throw new RejectedError(`hdf5: addresses of ${offsets} bytes are not known here; h5repack can write another`);
    }
    if (version < 2) reader.skip(version === 0 ? 9 : 13);
    else reader.skip(1);
    const base = reader.place();
    this.#base = base === 0 ? at : base;
    reader.skip(8);
    const end = reader.place();
    if (version < 2) reader.skip(16);
    // The end is counted from the beginning of the file where there is no user block.
    if (end > this.#size) {
      throw new RejectedError(`hdf5 ${this.path}: has ${this.#size} bytes of ${end}; it was cut off`);
    }
    this.#root = reader.place();
  }
}

async function openedAt(path: string): Promise<{ readonly handle: FileHandle; readonly size: number }> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw diskFault(path, "opening", error);
  }
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, size: stats.size };
  await handle.close();
  throw new RejectedError(`hdf5 ${path}: is no file`);
}
