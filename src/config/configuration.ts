import type { ComponentDescription } from "./component-shape.ts";
import type { End } from "./options/ends.ts";
import { LISTENERS, PUBLISHERS } from "./registry.ts";
import type { Secrets } from "./secrets.ts";
import type { SourceFile, Stretch } from "./source-file.ts";

/** Is a configuration that was read and checked; nothing of it was loaded or made. */
export interface Configuration {
  /** The file, as a full path. */
  readonly path: string;
  /** The real path of its folder. */
  readonly folder: string;
  readonly blocks: readonly BlockDescription[];
  /** What must be kept out of everything that is printed. */
  readonly secrets: Secrets;
  /** The text, for messages about what is found out later. */
  readonly source: SourceFile;
}

/** Describes a block as it stands in a configuration. */
export interface BlockDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly listeners: readonly ComponentDescription[];
  /** None: everything passes through. Several: one after the other. */
  readonly operators: readonly ComponentDescription[];
  readonly publishers: readonly ComponentDescription[];
  /** All other options of the block. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where each entry of the block stands; the name's is always there. */
  readonly at: ReadonlyMap<string, Stretch>;
}

/** Is a place where a listener or publisher meets others. */
export interface Endpoint extends End {
  /** What may be shown, as it stands in the file. */
  readonly shown: string;
}

/** Gives the places that a listener or publisher leads to, as far as they stand in its options. */
export function endpointsOf({ role, used, shown }: ComponentDescription): readonly Endpoint[] {
  const { use, options = {} } = used;
  if (use.kind !== "built-in" || role === "operator") return [];
  const table = role === "listener" ? LISTENERS : PUBLISHERS;
  const ends = Object.hasOwn(table, use.name) ? table[use.name]?.ends : undefined;
  if (ends === undefined) return [];
  // Both have the same shape, so that the places correspond; what was translated from "kwargs" has no shown form.
  const visible = ends(shown);
  return ends(options).map((end, index) => ({ ...end, shown: withoutUser(visible[index]?.address ?? "") || use.name }));
}

function withoutUser(address: string): string {
  return address.replace(/:\/\/[^/\s@]+@/u, "://***@");
}
