import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../checkup/finding.ts";
import { Report } from "../../checkup/report.ts";
import { text } from "../../errors.ts";
import type { Manifest } from "./manifest.ts";
import { isInRange } from "./version.ts";

/** What each optional package is for; one that is not named here is for nothing in particular. */
const USES: Readonly<Record<string, string>> = {
  amqplib: "RabbitMQ",
  ioredis: "Redis",
  kafkajs: "Kafka",
  tsx: "TypeScript before Node.js 22.18",
  ws: "WebSockets",
  zeromq: "ZeroMQ with CURVE, or with engine: libzmq",
};

/** Says which optional packages are there. One that is missing and needed fails where it is needed. */
export function checkPackages({ peerDependencies }: Manifest, tell: (finding: Finding) => void): void {
  for (const name of Object.keys(peerDependencies).sort()) {
    const report = new Report(`package ${name}`, tell);
    const use = USES[name] ?? "a part of arroyojs";
    const range = peerDependencies[name] as string;
    let found: string | undefined;
    try {
      found = versionOf(name);
    } catch (error) {
      report.warning(`cannot be looked at: ${text(error)}`, `install it again: npm install ${name}`);
      continue;
    }
    if (found === undefined) report.ok(`is not installed; ${use} would need it`, `npm install ${name}`);
    else if (isInRange(found, range)) report.ok(`${found}, for ${use}`);
    else report.warning(`${found} is there, and ${range} is wanted, for ${use}`, `npm install ${name}@${range}`);
  }
}

/** Gives the version of a package as our own imports would find it; undefined where there is none. */
function versionOf(name: string): string | undefined {
  let folder: string;
  try {
    folder = dirname(fileURLToPath(import.meta.resolve(name)));
  } catch {
    return undefined;
  }
  for (;;) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown; version?: unknown };
      if (manifest.name === name) return String(manifest.version);
    }
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}
