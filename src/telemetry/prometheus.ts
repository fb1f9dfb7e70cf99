/** Is a value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Follows the name: `_sum`. */
  readonly suffix?: string;
}

/** Is a metric: a name that never changes, and its values now. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "summary";
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The media type of the text. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics as Prometheus reads them; those without values are left out. Labels go through `redact` first. */
export function prometheusText(metrics: readonly Metric[], redact: (text: string) => string = (text) => text): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of metrics) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`);
    // What differs only by a secret is one and the same afterwards.
    const values = new Map<string, number>();
    for (const { labels, value, suffix = "" } of samples) {
      const list = Object.entries(labels).map(
        ([label, text]) => `${label}="${escaped(redact(text)).replaceAll('"', '\\"')}"`,
      );
      const sample = `${name}${suffix}${list.length === 0 ? "" : `{${list.join(",")}}`}`;
      values.set(sample, (values.get(sample) ?? 0) + value);
    }
    for (const [sample, value] of values) lines.push(`${sample} ${number(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
