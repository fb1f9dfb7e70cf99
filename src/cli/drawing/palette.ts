/** How many colours a terminal has. */
export type Depth = "truecolour" | "256" | "none";

/** Dark violet, blue, green, yellow: equal steps look equal, also to those who see red and green as one. */
const STOPS: readonly (readonly [number, number, number])[] = [
  [0x0b, 0x05, 0x1c],
  [0x2d, 0x11, 0x5e],
  [0x3b, 0x3f, 0x8f],
  [0x2d, 0x70, 0x8e],
  [0x20, 0x9c, 0x82],
  [0x5c, 0xc8, 0x63],
  [0xc0, 0xdf, 0x35],
  [0xff, 0xf7, 0x9a],
];

const SHADES = " .:-=+*#%@";

/** Reads from the environment how many colours there are. */
export function depthOf(env: Readonly<Record<string, string | undefined>>, hasColours: boolean): Depth {
  if (!hasColours) return "none";
  const { COLORTERM = "", TERM = "" } = env;
  return /truecolor|24bit/i.test(COLORTERM) || /direct|kitty/.test(TERM) ? "truecolour" : "256";
}

/** Gives the colour of a part from 0 to 1, as the numbers of an escape sequence behind 38 or 48; NaN is grey. */
export function colour(part: number, depth: "truecolour" | "256"): string {
  const [red, green, blue] = Number.isNaN(part) ? [70, 70, 70] : mixed(part);
  if (depth === "truecolour") return `2;${red};${green};${blue}`;
  return `5;${nearest256(red, green, blue)}`;
}

/** Gives a letter as dark as a part from 0 to 1. */
export function shade(part: number): string {
  if (Number.isNaN(part)) return " ";
  return SHADES[Math.min(SHADES.length - 1, Math.floor(part * SHADES.length))] as string;
}

function mixed(part: number): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, part)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(place));
  const [from, to] = [STOPS[index], STOPS[index + 1]] as [readonly number[], readonly number[]];
  const between = (channel: number): number =>
    Math.round((from[channel] as number) + ((to[channel] as number) - (from[channel] as number)) * (place - index));
  return [between(0), between(1), between(2)];
}

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

function nearest256(...channels: [number, number, number]): number {
  const steps = channels.map((value) => {
    let best = 0;
    LEVELS.forEach((level, index) => {
      if (Math.abs(level - value) < Math.abs((LEVELS[best] as number) - value)) best = index;
    });
    return best;
  });
  return 16 + 36 * (steps[0] as number) + 6 * (steps[1] as number) + (steps[2] as number);
}
