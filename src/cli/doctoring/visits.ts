import type { Checkup } from "../../checkup/finding.ts";
import { madeOptions } from "../../config/build.ts";
import type { ComponentDescription, Role } from "../../config/component-shape.ts";
import { type BlockDescription, type Configuration, type Endpoint, endpointsOf } from "../../config/configuration.ts";
import { meet } from "../../config/graph.ts";
import { LISTENERS, PUBLISHERS } from "../../config/registry.ts";
import type { Visit } from "./examined.ts";

/** Is a checkup of a part of a configuration, with the place where it stands. */
export interface PlacedVisit extends Visit {
  /** `arroyo.yaml:5:9` */
  readonly at: string;
  /** Whether it tries to listen somewhere, which another part would take for the real thing. */
  readonly binds: boolean;
}

/** Gives the checkups of all listeners and publishers, in the order of the file; `loads`: code of the user may be run. */
export function visitsOf(configuration: Configuration, loads: boolean): readonly PlacedVisit[] {
  const parts = configuration.blocks.flatMap((block) => partsIn(block));
  const ends = parts.map(({ part }) => endpointsOf(part));
  return parts.flatMap(({ part, role }, index) => {
    const check = checkOf(part, role);
    if (check === undefined) return [];
    const others = ends.flatMap((some, at) => (at === index ? [] : some));
    const own = (ends[index] ?? []).filter((end) => others.some((other) => meet(end, other)));
    return [
      {
        at: placeOf(configuration, part),
        binds: (ends[index] ?? []).some(({ verb }) => verb === "bind"),
        subject: subjectOf(part, ends[index] ?? []),
        role,
        own: new Set(own.map(({ address }) => address)),
        check,
        options: async () => (loads ? madeOptions(configuration, part.used) : (part.used.options ?? {})),
      },
    ];
  });
}

/** Gives the parts about which nothing is known here: code of the user's own. */
export function ownParts(configuration: Configuration): readonly { readonly name: string; readonly at: string }[] {
  return configuration.blocks
    .flatMap((block) => partsIn(block))
    .filter(({ part }) => part.used.use.kind !== "built-in")
    .map(({ part }) => ({ name: part.used.written, at: placeOf(configuration, part) }));
}

/** Gives pairs of parts that would bind to one address. */
export function boundTwice(
  configuration: Configuration,
): readonly { readonly address: string; readonly at: string; readonly before: string }[] {
  const first = new Map<string, string>();
  return configuration.blocks.flatMap((block) =>
    partsIn(block).flatMap(({ part }) => {
      const at = placeOf(configuration, part);
      return endpointsOf(part)
        .filter(({ verb, address }) => verb === "bind" && !/:(?:\*|0)(?:\/|$)|\/\/\*$/.test(address))
        .flatMap(({ address, shown }) => {
          const before = first.get(address);
          if (before === undefined) first.set(address, at);
          return before === undefined ? [] : [{ address: shown, at, before }];
        });
    }),
  );
}

function partsIn({
  listeners,
  publishers,
}: BlockDescription): readonly { part: ComponentDescription; role: Exclude<Role, "operator"> }[] {
  return [
    ...listeners.map((part) => ({ part, role: "listener" as const })),
    ...publishers.map((part) => ({ part, role: "publisher" as const })),
  ];
}

function checkOf({ used: { use } }: ComponentDescription, role: Exclude<Role, "operator">): Checkup | undefined {
  if (use.kind !== "built-in") return undefined;
  return (role === "listener" ? LISTENERS : PUBLISHERS)[use.name]?.check;
}

function subjectOf({ used }: ComponentDescription, ends: readonly Endpoint[]): string {
  const name = used.use.kind === "built-in" ? used.use.name : used.written;
  return [name, ends.map(({ shown }) => shown).join(", ")].join(" ").trim();
}

/** Says where a part stands: `arroyo.yaml:5:9`. */
export function placeOf({ source }: Configuration, { used }: ComponentDescription): string {
  const { line, col } = source.lines.linePos(used.at[0]);
  return `${source.name}:${line}:${col}`;
}
