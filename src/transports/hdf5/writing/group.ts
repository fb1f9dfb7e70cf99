import type { GrowingFile } from "./growing-file.ts";
import { LINKS_IN_HEADER, link } from "./messages.ts";
import { type HeaderMessage, headerBytes, writeHeader } from "./object-header.ts";

/** Is anything that stands in a group. */
export interface Member {
  /** Where it begins; known once it was written. */
  readonly address: number;
  /** Writes what changed since it was written last. */
  flush(): Promise<void>;
}

const FIRST_BYTES = 1024;

/** Is a group of a file that grows: its members and attributes stand in its header. */
export class Group implements Member {
  readonly #file: GrowingFile;
  readonly #attributes: HeaderMessage[] = [];
  readonly #members = new Map<string, Member>();
  /** The addresses of the members as they were written. */
  #written = "";
  #address = 0;
  #capacity = 0;

  constructor(file: GrowingFile) {
    this.#file = file;
  }

  get address(): number {
    return this.#address;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** Adds a member, or puts it in the place of one with that name. */
  add<T extends Member>(name: string, member: T): T {
    this.#members.set(name, member);
    return member;
  }

  /** Makes a group in this one. */
  group(name: string): Group {
    return this.add(name, new Group(this.#file));
  }

  attribute(message: HeaderMessage): void {
    this.#attributes.push(message);
    this.#written = "";
  }

  async flush(): Promise<void> {
    for (const member of this.#members.values()) await member.flush();
    const now = [...this.#members].map(([name, { address }]) => `${name} ${address}`).join("/");
    if (this.#address !== 0 && now === this.#written) return;
    const links = [...this.#members].map(([name, { address }]) => link(name, address));
    const messages = [...LINKS_IN_HEADER, ...this.#attributes, ...links];
    const takes = headerBytes(messages);
    if (takes > this.#capacity) {
      this.#capacity = Math.max(FIRST_BYTES, takes * 2);
      this.#address = this.#file.reserve(this.#capacity);
    }
    await this.#file.put(this.#address, writeHeader(messages, this.#capacity));
    this.#written = now;
  }
}
