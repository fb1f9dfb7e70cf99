import type { Size } from "./row.ts";

/** Measures each candidate once a round, one after the other (A B A B ...); gives the figures of each, round by round. */
export async function inTurns<Figures extends Readonly<Record<string, unknown>>>(
  size: Size,
  candidates: { readonly [Name in keyof Figures]: () => Promise<Figures[Name]> },
): Promise<{ readonly [Name in keyof Figures]: Figures[Name][] }> {
  const names = Object.keys(candidates) as (keyof Figures & string)[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as {
    readonly [Name in keyof Figures]: Figures[Name][];
  };
  for (let round = 1; round <= size.rounds; round += 1) {
    for (const name of names) {
      const figure = await candidates[name]();
      figures[name].push(figure);
      size.say(`  round ${round}/${size.rounds}  ${name}: ${JSON.stringify(figure)}`);
    }
  }
  return figures;
}
