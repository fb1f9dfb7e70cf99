import type { Size } from "./row.ts";

/** Measures each candidate once a round, one after the other (A B A B ...); gives the figures of each, round by round. */
export async function inTurns<Name extends string, Figure>(
  size: Size,
  candidates: Readonly<Record<Name, () => Promise<Figure>>>,
): Promise<Record<Name, Figure[]>> {
  const names = Object.keys(candidates) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Figure[]>;
  for (let round = 1; round <= size.rounds; round += 1) {
    for (const name of names) {
      const figure = await candidates[name]();
      figures[name].push(figure);
      size.say(`  round ${round}/${size.rounds}  ${name}: ${JSON.stringify(figure)}`);
    }
  }
  return figures;
}
