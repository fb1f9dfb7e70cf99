import { existsSync } from "node:fs";
import { join } from "node:path";
import { listenBriefly } from "../../checkup/reach.ts";
import { Report } from "../../checkup/report.ts";
import { LISTENERS } from "../../config/registry.ts";
import { Secrets } from "../../config/secrets.ts";
import { isAddress, placeAt } from "../addressing/place-at.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS } from "../configuration-options.ts";
import { Consultation } from "../doctoring/consultation.ts";
import { examined } from "../doctoring/examined.ts";
import { countsLine, findingLine } from "../doctoring/finding-text.ts";
import { checkMachine } from "../doctoring/machine.ts";
import { readManifest } from "../doctoring/manifest.ts";
import { checkPackages } from "../doctoring/packages.ts";
import { consultConfiguration } from "../doctoring/whole-configuration.ts";
import { type Io, print } from "../io.ts";
import { metricsAddress } from "../running/metrics-address.ts";

const TIMEOUT_S = 5;

/** Checks this machine, and a configuration or an address against the world. */
export const command: Command = {
  usage: "[CONFIG|URL] [options]",
  about: [
    "Without CONFIG it looks at Node.js, the optional packages and this machine; with one also at all that its blocks",
    "will meet: addresses, brokers, topics, queues and streams, rights, limits that can lose messages, clocks, disks.",
    "With a URL at one place: tcp://, redis://, kafka://, amqp://, ws://, or a capture. Nothing is changed anywhere,",
    "and no message is taken.",
    `${CONFIGURATION_ABOUT.replace(/; default.*/, ".")} Exit codes: 0 well, also with warnings; 1 there are errors.`,
  ].join("\n"),
  examples: [
    { line: "arroyo doctor", does: "this machine" },
    { line: "arroyo doctor arroyo.yaml", does: "a configuration, before it runs" },
    { line: "arroyo doctor redis://127.0.0.1:6379/frames", does: "a server and a stream" },
    { line: "arroyo doctor . --json", does: "for a program" },
  ],
  options: {
    ...CONFIGURATION_OPTIONS,
    metrics: { type: "string", value: "HOST:PORT", description: "look whether metrics can be served there" },
    timeout: { type: "string", value: "SECONDS", description: `how long one place may take; default ${TIMEOUT_S}` },
    "no-load": { type: "boolean", description: "run no code of yours" },
    json: { type: "boolean", description: "write { errors, warnings, findings } as JSON" },
  },
  positionals: { max: 1 },
  async run(args, io) {
    const timeoutMs = (args.number("timeout", { min: 0.01, max: 3600 }) ?? TIMEOUT_S) * 1000;
    const metrics = metricsAddress(args.text("metrics"));
    const [target] = args.positionals;
    const consultation = new Consultation(async (finding) => {
      if (args.flag("json") || (args.flag("quiet") && finding.level === "ok")) return;
      await print(io, findingLine(finding, io.hasColours));
    });
    const manifest = await readManifest();
    if (target !== undefined && isAddress(target)) await consultAddress(target, timeoutMs, consultation, io);
    else {
      await checkMachine(manifest, (finding) => consultation.add(finding));
      checkPackages(manifest, (finding) => consultation.add(finding));
      if (metrics !== undefined) await checkMetrics(metrics, consultation);
      if (target !== undefined) {
        const loads = !args.flag("no-load");
        await consultConfiguration(target, { args, io, timeoutMs, loads }, consultation);
      }
    }
    await consultation.told();
    return await concluded(consultation, target, args, io);
  },
};

async function concluded({ findings }: Consultation, target: string | undefined, args: Args, io: Io): Promise<number> {
  const errors = findings.filter(({ level }) => level === "error").length;
  const warnings = findings.filter(({ level }) => level === "warning").length;
  if (args.flag("json")) await print(io, JSON.stringify({ errors, warnings, findings }));
  else if (!args.flag("quiet")) {
    await print(io, countsLine(findings));
    if (target === undefined && existsSync(join(io.cwd, "arroyo.yaml"))) {
      await print(io, "there is a configuration here; look at it with: arroyo doctor arroyo.yaml");
    }
  }
  return errors === 0 ? 0 : 1;
}

/** Looks at one place that an address names. */
async function consultAddress(url: string, timeoutMs: number, consultation: Consultation, io: Io): Promise<void> {
  const place = placeAt(url, { command: "doctor", purpose: "examine", waits: false, cwd: io.cwd });
  const secrets = new Secrets();
  for (const secret of place.secrets) secrets.add(secret, "***");
  consultation.keepOut((words) => secrets.redactAll(words));
  const options = place.use === "zmq" ? { connect: url, socket: "any" } : place.options;
  const check = LISTENERS[place.use]?.check;
  if (check === undefined) return;
  const visit = { subject: place.shown, role: "listener", own: new Set<string>(), check } as const;
  for (const finding of await examined({ ...visit, options: async () => options }, timeoutMs, io.signal)) {
    consultation.add(finding);
  }
}

async function checkMetrics(
  where: { readonly host: string; readonly port: number },
  consultation: Consultation,
): Promise<void> {
  const report = new Report(`metrics ${where.host}:${where.port}`, (finding) => consultation.add(finding));
  try {
    await listenBriefly(where);
    report.ok(where.port === 0 ? "takes a free port" : "is free to listen on");
  } catch (error) {
    const isTaken = (error as { code?: unknown }).code === "EADDRINUSE";
    if (isTaken) report.error("is in use", "choose another port for --metrics, or stop what listens there");
    else report.failed(error);
  }
}
