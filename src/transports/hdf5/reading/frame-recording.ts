import { basename, extname } from "node:path";
import { RejectedError } from "../../../errors.ts";
import { Event } from "../../../message/event.ts";
import type { Limits } from "../../../message/limits.ts";
import type { Message } from "../../../message/message.ts";
import { Start } from "../../../message/start.ts";
import { Stop } from "../../../message/stop.ts";
import { nameOf, type StoredDataset } from "./dataset.ts";
import { plainData } from "./plain-data.ts";
import type { Recording } from "./recording.ts";
import { isDataset, type StoredTree } from "./stored-tree.ts";

interface Part {
  readonly name: string;
  readonly dataset: StoredDataset;
  /** The number of its first frame. */
  readonly first: number;
}

const MAX_PARTS = 100_000;
const NUMBERED = /^data_\d+$/u;

/** Gives the frames of a file that others made: a dataset, or several that follow each other. */
export class FrameRecording implements Recording {
  readonly count: number;
  readonly start: Start;
  readonly stream: string;
  readonly #tree: StoredTree;
  readonly #parts: readonly Part[];
  readonly #frames: number;

  private constructor(tree: StoredTree, parts: readonly Part[], data: Readonly<Record<string, unknown>>) {
    this.#tree = tree;
    this.#parts = parts;
    const last = parts.at(-1);
    this.#frames = last === undefined ? 0 : last.first + last.dataset.rows;
    this.count = this.#frames + 2;
    this.stream = basename(tree.path, extname(tree.path));
    this.start = new Start(data, { run: this.stream });
  }

  /** Opens a file; `path` names the dataset, where it is not the one that NeXus and detectors take. */
  static async open(tree: StoredTree, path: string | undefined): Promise<FrameRecording> {
    const parts: Part[] = [];
    let first = 0;
    for (const name of path === undefined ? await framePaths(tree) : [path]) {
      const dataset = await tree.dataset(name);
      if (dataset === undefined) throw new RejectedError(`hdf5 ${tree.path}: there is no dataset ${name}`);
      if (dataset.type.kind !== "number" || dataset.shape.length === 0) {
        const found = dataset.type.kind === "number" ? "a single number" : nameOf(dataset.type);
        throw new RejectedError(`hdf5 ${tree.path}: ${name}: expected frames of numbers, found ${found}`);
      }
      parts.push({ name, dataset, first });
      first += dataset.rows;
    }
    return new FrameRecording(tree, parts, await plainData(tree));
  }

  async read(number: number, limits: Limits): Promise<Message> {
    const run = this.stream;
    if (number === 0) return this.start;
    if (number > this.#frames) return new Stop({ frames: this.#frames }, { run });
    const frame = number - 1;
    const { name, dataset, first } = this.#part(frame);
    const payload = await dataset.array(frame - first, limits.maxMessageBytes);
    const origin = { stream: this.stream, partition: "", sequence: frame };
    return new Event({ frame, dataset: name }, payload, { run, origin });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tree.close();
  }

  #part(frame: number): Part {
    let [from, to] = [0, this.#parts.length];
    while (from + 1 < to) {
      const middle = (from + to) >> 1;
      if ((this.#parts[middle] as Part).first <= frame) from = middle;
      else to = middle;
    }
    return this.#parts[from] as Part;
  }
}

/** Finds the frames: what the file says to plot, or `data`, or `data_000001` and those that follow. */
async function framePaths(tree: StoredTree): Promise<readonly string[]> {
  const entry = `/${text((await tree.attributes("/")).get("default")) ?? "entry"}`;
  const group = `${entry}/${text((await tree.attributes(entry)).get("default")) ?? "data"}`;
  const object = await tree.find(group);
  if (object === undefined || isDataset(object)) {
    throw new RejectedError(`hdf5 ${tree.path}: there is no group ${group}; name the dataset of the frames`);
  }
  const names = await tree.names(object);
  const signal = text((await tree.attributes(group)).get("signal"));
  if (signal !== undefined && names.includes(signal)) return [`${group}/${signal}`];
  const numbered = names.filter((name) => NUMBERED.test(name)).slice(0, MAX_PARTS);
  if (numbered.length > 0) {
    return numbered
      .sort((one, other) => Number(one.slice(5)) - Number(other.slice(5)))
      .map((name) => `${group}/${name}`);
  }
  if (names.includes("data")) return [`${group}/data`];
  throw new RejectedError(
    `hdf5 ${tree.path}: ${group} has neither a signal nor "data" nor "data_000001"; name the dataset of the frames`,
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
