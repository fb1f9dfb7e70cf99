const LARGE = ["", " k", " M", " G", " T"] as const;

/** Writes a number with three figures and a prefix: `12.3 k`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1000 && Number.isInteger(value)) return String(value);
  let step = 0;
  let rest = size;
  while (rest >= 999.5 && step < LARGE.length - 1) {
    rest /= 1000;
    step += 1;
  }
  if (rest >= 999.5 || (rest < 0.01 && rest > 0)) return value.toExponential(2);
  const digits = rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${value < 0 ? "-" : ""}${rest.toFixed(digits)}${LARGE[step]}`;
}

/** Writes a number of bytes: `1.05 MB`. */
export function bytes(value: number): string {
  const text = value < 1000 ? `${Math.round(value)} ` : short(value);
  return `${/ \w$/.test(text) ? text : text.endsWith(" ") ? text : `${text} `}B`;
}

/** Writes a time: `850 µs`, `12.3 ms`, `4.00 s`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  if (ms === 0) return "0 ms";
  if (ms < 0.9995) return `${short(ms * 1000)} µs`;
  return ms < 999.5 ? `${short(ms)} ms` : `${short(ms / 1000)} s`;
}
