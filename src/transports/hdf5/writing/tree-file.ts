import { BytesOut } from "../format/bytes-out.ts";
import { lookup3 } from "../format/lookup3.ts";
import { SIGNATURE } from "../format/message-types.ts";
import { Group } from "./group.ts";
import { GrowingFile, type OpenFile } from "./growing-file.ts";
import { TextHeap } from "./text-heap.ts";

const SUPERBLOCK_BYTES = 48;

/** Is an HDF5 file that is written from the first byte on, and that can be read after each `flush`. */
export class TreeFile {
  readonly file: GrowingFile;
  readonly root: Group;
  readonly texts: TextHeap;

  private constructor(file: GrowingFile) {
    this.file = file;
    this.root = new Group(file);
    this.texts = new TextHeap(file);
  }

  static async create(path: string, open?: OpenFile): Promise<TreeFile> {
    return new TreeFile(await GrowingFile.create(path, SUPERBLOCK_BYTES, open));
  }

  /**
   * Writes what was gathered, then what leads to it, so that whoever reads finds nothing that is not there; `isSafe`
   * brings it to the disk in that order.
   */
  async flush(isSafe: boolean): Promise<void> {
    const { file } = this;
    await file.flush();
    await this.texts.flush();
    if (isSafe) await file.sync();
    await this.root.flush();
    await file.flush();
    await file.extend();
    await file.put(0, this.#superblock());
    if (isSafe) await file.sync();
  }

  #superblock(): Buffer {
    const out = new BytesOut().bytes(SIGNATURE).u8(2).u8(8).u8(8).u8(0).u64(0).u64(undefined).u64(this.file.end);
    out.u64(this.root.address);
    return out.u32(lookup3(out.done())).done();
  }
}
