const MOST = 160;

/** Names a place inside a value from the keys and indices that lead there: `metadata.a[3]`. */
export function pathOf(steps: Iterable<string | number>, root = ""): string {
  let path = root;
  for (const step of steps) path += segment(step, path === "");
  return path.length <= MOST ? path : `${path.slice(0, MOST / 2)}...${path.slice(-MOST / 2)}`;
}

function segment(step: string | number, first: boolean): string {
  if (typeof step === "number") return `[${step}]`;
  if (/^[A-Za-z_$][\w$-]{0,39}$/.test(step)) return first ? step : `.${step}`;
  return `[${quoted(step)}]`;
}

/** Quotes a text from outside so that it can stand in one line of a terminal or a log: short, plain ASCII. */
export function quoted(text: string): string {
  const short = text.length <= 40 ? text : `${text.slice(0, 40)}...`;
  return JSON.stringify(short).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
