import { join } from "node:path";
import { Block } from "../block/block.ts";
import { type BlockOptions, placeOf } from "../block/options.ts";
import { checkPromises } from "../block/promises.ts";
import { PromiseError, text, UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { Codec } from "../message/codec.ts";
import type { AnyMessage } from "../message/message.ts";
import { compose } from "../operator/compose.ts";
import type { Step } from "../operator/function-operator.ts";
import { parallel } from "../operator/threads/parallel.ts";
import { insteadOf } from "../options/nearest.ts";
import type { Publisher } from "../publisher/publisher.ts";
import type { PublisherEntry } from "../publisher/publisher-entry.ts";
import { type ComponentDescription, ROLES } from "./component-shape.ts";
import type { BlockDescription, Configuration } from "./configuration.ts";
import { partsOf } from "./describe.ts";
import { addressOf, loadFunction, makeCodec, makePart } from "./made.ts";
import { type Commons, loadCodec } from "./registry.ts";
import type { Stretch } from "./source-file.ts";
import { CodecUse, FunctionUse, type Used } from "./use.ts";

/** Says which blocks are made, and as what. */
export interface BuildOptions {
  /** The names of the blocks; default all. */
  readonly only?: readonly string[];
  /** Tells instances of one configuration apart: each has dead letters of its own. */
  readonly instance?: string;
}

type AnyStep = Step<AnyMessage, AnyMessage>;

/**
 * Makes the blocks of a configuration: loads what it names, makes each part, and checks what blocks promise. Nothing is
 * opened yet. Rejects with a `ConfigurationError` that lists everything that is wrong.
 */
export async function build(configuration: Configuration, options: BuildOptions = {}): Promise<Block[]> {
  const chosen = chosenBlocks(configuration, options.only);
  // It names a folder.
  if (options.instance !== undefined && !/^\w[\w.-]*$/.test(options.instance)) {
    throw new UsageError("instance: expected letters, digits, - and _ only; write a name such as node-1");
  }
  const building = new Building(configuration);
  for (const { role, used } of partsOf(chosen)) {
    if (used.use.kind === "built-in")
      ROLES[role].builtIns[used.use.name]?.agree?.(used.options ?? {}, building.commons);
  }
  const blocks: Block[] = [];
  for (const one of chosen) {
    const block = await building.block(one, options.instance);
    if (block !== undefined) blocks.push(block);
  }
  configuration.source.throwIfWrong();
  return blocks;
}

function chosenBlocks({ blocks }: Configuration, only: readonly string[] | undefined): readonly BlockDescription[] {
  if (only === undefined || only.length === 0) return blocks;
  const names = blocks.map(({ name }) => name);
  for (const name of only) {
    if (!names.includes(name))
      throw new UsageError(`block ${name}: is not in the configuration; ${insteadOf(name, names)}`);
  }
  return blocks.filter(({ name }) => only.includes(name));
}

/** Gives the options of a part with what their `use:` names loaded and in place, as its class would get them. */
export function madeOptions(configuration: Configuration, used: Used): Promise<Readonly<Record<string, unknown>>> {
  return new Building(configuration).options(used);
}

class Building {
  readonly commons: Commons = new Map();
  readonly #configuration: Configuration;
  /** One codec for all who ask for the same, so that what came in one way is passed on as it is. */
  readonly #codecs = new Map<string, Promise<Codec>>();

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  async block(description: BlockDescription, instance: string | undefined): Promise<Block | undefined> {
    const { name, settings } = description;
    const listeners = await this.#parts<Listener<AnyMessage>>(description.listeners);
    const steps = await this.#parts<AnyStep>(description.operators);
    const publishers = await this.#parts<Publisher<AnyMessage>>(description.publishers);
    if (listeners === undefined || steps === undefined || publishers === undefined) return undefined;
    const entries = publishers.map(
      (publisher, index) => ({ publisher, ...description.publishers[index]?.beside }) as PublisherEntry<AnyMessage>,
    );
    const operator = steps.length === 0 ? undefined : steps.reduce((first, second) => compose(first, second));
    const options = {
      ...(settings as Partial<BlockOptions<AnyMessage, AnyMessage>>),
      ...deadLetters(name, settings["deadLetters"], instance),
      ...(description.description !== undefined && { description: description.description }),
      name,
      listeners,
      ...(operator !== undefined && { operator }),
      publishers: entries,
    } as BlockOptions<AnyMessage, AnyMessage>;
    const places = entries.map((entry, index) =>
      this.#tried((description.publishers[index] as ComponentDescription).used.at, () => placeOf(entry, name)),
    );
    if (places.some((place) => place === undefined)) return undefined;
    const at = description.at.get("name") ?? [0, 1];
    const isKept = this.#tried(promiseAt(description) ?? at, () => {
      checkPromises(
        options,
        listeners,
        places.filter((place) => place !== undefined),
      );
      return true;
    });
    return isKept === undefined ? undefined : this.#tried(at, () => this.#made(options));
  }

  /** What its errors say goes into accounts, which travel, and into dead letters, which stay. */
  #made(options: BlockOptions<AnyMessage, AnyMessage>): Block {
    const { secrets } = this.#configuration;
    return new Block(options as never, { redact: (words) => secrets.redact(words) }) as unknown as Block;
  }

  /** Makes parts; undefined where one of them cannot be made. */
  async #parts<T>(descriptions: readonly ComponentDescription[]): Promise<T[] | undefined> {
    const made: T[] = [];
    for (const description of descriptions) {
      const { used } = description;
      try {
        made.push((await this.#part(description)) as T);
      } catch (error) {
        this.#complain(placeIn(used, text(error)), `${used.path}: ${text(error)}`);
      }
    }
    return made.length === descriptions.length ? made : undefined;
  }

  async #part({ role, used, beside }: ComponentDescription): Promise<unknown> {
    const { folder } = this.#configuration;
    const { use } = used;
    const options = await this.options(used);
    const builtIn = use.kind === "built-in" ? ROLES[role].builtIns[use.name] : undefined;
    const { threads } = beside;
    if (typeof threads === "number") {
      // What is wrong with its options is found out here, and not when the threads start.
      await builtIn?.make(options, this.commons);
      const place =
        use.kind === "built-in" ? builtIn?.threads : { module: addressOf(used, folder), export: use.export };
      const { module, export: name } = place as { module: URL; export: string | undefined };
      const given = used.options === undefined ? {} : { options };
      return parallel(module, { threads, ...(name !== undefined && { export: name }), ...given });
    }
    return use.kind === "built-in"
      ? await builtIn?.make(options, this.commons)
      : await makePart(role, used, options, folder);
  }

  /** Gives options with what their `use:` names in place. */
  async options({ options = {} }: Used): Promise<Record<string, unknown>> {
    return (await this.#inPlace(options)) as Record<string, unknown>;
  }

  async #inPlace(value: unknown): Promise<unknown> {
    if (value instanceof CodecUse) return this.#codec(value.used);
    if (value instanceof FunctionUse) return loadFunction(value.used, this.#configuration.folder);
    if (Array.isArray(value)) return Promise.all(value.map((one) => this.#inPlace(one)));
    if (typeof value !== "object" || value === null) return value;
    const made: [string, unknown][] = [];
    for (const [name, one] of Object.entries(value)) made.push([name, await this.#inPlace(one)]);
    return Object.fromEntries(made);
  }

  #codec(used: Used): Promise<Codec> {
    const { use, written, options } = used;
    const key = JSON.stringify([written, options]);
    const { folder } = this.#configuration;
    const codec =
      this.#codecs.get(key) ?? (use.kind === "built-in" ? loadCodec(use.name, options) : makeCodec(used, folder));
    this.#codecs.set(key, codec);
    return codec;
  }

  #tried<T>(at: Stretch, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof PromiseError)) throw error;
      this.#complain(at, text(error));
      return undefined;
    }
  }

  #complain(at: Stretch, message: string): void {
    const { source, secrets } = this.#configuration;
    source.complain(at, secrets.redactAll(message));
  }
}

/** Where a message names an option, its place is nearer. */
function placeIn({ at, optionsAt }: Used, message: string): Stretch {
  let first = Number.POSITIVE_INFINITY;
  let place = at;
  for (const [name, stretch] of optionsAt) {
    const found = message.search(new RegExp(`(?<![\\w.-])${name.replace(/[^\w]/g, "\\$&")}(?![\\w-])`));
    if (found !== -1 && found < first) [first, place] = [found, stretch];
  }
  return place;
}

function promiseAt({ at }: BlockDescription): Stretch | undefined {
  return at.get("guarantee") ?? at.get("recover");
}

function deadLetters(name: string, given: unknown, instance: string | undefined): Pick<BlockOptions, "deadLetters"> {
  if (instance === undefined) return {};
  const { path = `./dead-letters/${name}`, ...bounds } = (given ?? {}) as { path?: string; maxBytes?: number };
  return { deadLetters: { path: join(path, instance), ...bounds } };
}
