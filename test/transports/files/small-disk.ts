import type { FileHandle } from "node:fs/promises";
import { type Disk, REAL_DISK } from "../../../src/transports/files/disk.ts";

/** Is a disk that is full once so many bytes were written to it; what still fits of a write is written. */
export class SmallDisk {
  /** Bytes that can still be written. */
  room: number;
  /** How often something did not fit. */
  refusals = 0;
  readonly disk: Disk;

  constructor(room: number) {
    this.room = room;
    this.disk = {
      ...REAL_DISK,
      open: async (...given: Parameters<Disk["open"]>) => this.#limited(await REAL_DISK.open(...given)),
    };
  }

  #limited(handle: FileHandle): FileHandle {
    const take = (bytes: number): number => {
      const fits = Math.min(bytes, this.room);
      this.room -= fits;
      if (fits > 0 || bytes === 0) return fits;
      this.refusals += 1;
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    const write = handle.write.bind(handle) as (...given: unknown[]) => Promise<{ bytesWritten: number }>;
    const writeFile = handle.writeFile.bind(handle);
    const limited = {
      write: async (bytes: Uint8Array, from: number, length: number, at: number) =>
        write(bytes, from, take(length), at),
      writev: async (buffers: readonly Uint8Array[], at: number) => {
        const all = Buffer.concat(buffers);
        return write(all, 0, take(all.length), at);
      },
      writeFile: async (content: string | Uint8Array) => {
        const bytes = Buffer.from(content as string);
        const fits = take(bytes.length);
        await writeFile(bytes.subarray(0, fits));
        if (fits < bytes.length) take(bytes.length - fits);
      },
    };
    return new Proxy(handle, {
      get: (target, name) => {
        if (name in limited) return limited[name as keyof typeof limited];
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}
