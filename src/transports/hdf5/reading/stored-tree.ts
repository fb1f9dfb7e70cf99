import { dirname, join, relative, sep } from "node:path";
import { RejectedError } from "../../../errors.ts";
import { MESSAGE } from "../format/message-types.ts";
import { readAttributes, type StoredValue } from "./attributes.ts";
import { StoredDataset } from "./dataset.ts";
import { HeapTexts } from "./heap-texts.ts";
import { readLinks, type StoredLink } from "./links.ts";
import { messageOf, readMessages, type StoredMessage } from "./object-header.ts";
import { StoredFile } from "./stored-file.ts";

/** Is an object of a file: a group or a dataset. */
export interface StoredObject {
  readonly file: StoredFile;
  readonly texts: HeapTexts;
  readonly messages: readonly StoredMessage[];
}

const MAX_LINKS_FOLLOWED = 16;
const MAX_FILES = 10_000;
/** More handles than these are not held at once. */
const MAX_HANDLES = 16;

/** Finds the objects of a file by their paths, through soft links and through links to files beside it. */
export class StoredTree implements AsyncDisposable {
  readonly path: string;
  readonly #files = new Map<string, { readonly file: StoredFile; readonly texts: HeapTexts }>();

  /** The files that hold a handle, that which took its own first at the beginning. */
  readonly #held: StoredFile[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async open(path: string): Promise<StoredTree> {
    const tree = new StoredTree(path);
    await tree.#file(path);
    return tree;
  }

  /** Gives the object at a path, or undefined. */
  async find(path: string): Promise<StoredObject | undefined> {
    return this.#find(this.path, path, { left: MAX_LINKS_FOLLOWED });
  }

  /** Gives the dataset at a path; undefined where there is none. */
  async dataset(path: string): Promise<StoredDataset | undefined> {
    const object = await this.find(path);
    return object === undefined || !isDataset(object) ? undefined : StoredDataset.open(object);
  }

  /** Gives the names of what is in a group. */
  async names(object: StoredObject): Promise<readonly string[]> {
    return [...(await readLinks(object.file, object.messages)).keys()].sort();
  }

  /** Reads the attributes of an object that are simple. */
  async attributes(path: string): Promise<ReadonlyMap<string, StoredValue>> {
    const object = await this.find(path);
    return object === undefined ? new Map() : readAttributes(object);
  }

  async close(): Promise<void> {
    for (const { file } of this.#files.values()) await file.close();
    this.#files.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #find(inFile: string, path: string, followed: { left: number }): Promise<StoredObject | undefined> {
    const { file, texts } = await this.#file(inFile);
    let object: StoredObject = { file, texts, messages: await readMessages(file, file.root) };
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    for (const [index, name] of parts.entries()) {
      const link = isDataset(object) ? undefined : (await readLinks(file, object.messages)).get(name);
      if (link === undefined) return undefined;
      if (link.kind !== "object") {
        followed.left -= 1;
        if (followed.left < 0) throw new RejectedError(`hdf5 ${this.path}: more than 16 links lead to ${path}`);
        return this.#follow(inFile, link, parts.slice(0, index), parts.slice(index + 1), followed);
      }
      object = { file, texts, messages: await readMessages(file, link.address) };
    }
    return object;
  }

  #follow(
    inFile: string,
    link: Exclude<StoredLink, { kind: "object" }>,
    before: readonly string[],
    after: readonly string[],
    followed: { left: number },
  ): Promise<StoredObject | undefined> {
    const rest = after.join("/");
    if (link.kind === "external") return this.#find(beside(inFile, link.file), `${link.path}/${rest}`, followed);
    const from = link.path.startsWith("/") ? "" : before.join("/");
    return this.#find(inFile, `${from}/${link.path}/${rest}`, followed);
  }

  async #opened(file: StoredFile): Promise<void> {
    this.#held.push(file);
    if (this.#held.length > MAX_HANDLES) await this.#held.shift()?.close();
  }

  async #file(path: string): Promise<{ file: StoredFile; texts: HeapTexts }> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    if (this.#files.size >= MAX_FILES)
      throw new RejectedError(`hdf5 ${this.path}: leads to more than ${MAX_FILES} files`);
    const file = await StoredFile.open(path, (one) => this.#opened(one));
    const made = { file, texts: new HeapTexts(file) };
    this.#files.set(path, made);
    return made;
  }
}

/** Tells whether an object has elements. */
export function isDataset({ messages }: StoredObject): boolean {
  return messageOf(messages, MESSAGE.dataspace) !== undefined;
}

/** Gives the path of a file that another one names: only of its own folder, or of one below. */
function beside(path: string, name: string): string {
  const folder = dirname(path);
  const found = join(folder, name);
  const way = relative(folder, found);
  if (name.startsWith("/") || name.includes("\\") || way === ".." || way.startsWith(`..${sep}`)) {
    throw new RejectedError(
      `hdf5 ${path}: leads to ${JSON.stringify(name)}, which is not in its folder; put the files into one folder`,
    );
  }
  return found;
}
