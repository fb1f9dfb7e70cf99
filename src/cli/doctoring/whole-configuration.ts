import type { Finding } from "../../checkup/finding.ts";
import { Report } from "../../checkup/report.ts";
import { build } from "../../config/build.ts";
import type { Configuration } from "../../config/configuration.ts";
import { describe } from "../../config/describe.ts";
import { ConfigurationError } from "../../errors.ts";
import type { Args } from "../args.ts";
import { describeOptions } from "../configuration-options.ts";
import type { Io } from "../io.ts";
import { checkBlocks } from "./configuration-checkup.ts";
import type { Consultation } from "./consultation.ts";
import { examined, together } from "./examined.ts";
import { boundTwice, ownParts, type PlacedVisit, visitsOf } from "./visits.ts";

const AT_ONCE = 8;

/** Checks a configuration as `validate` does, and then all that its blocks will meet. */
export async function consultConfiguration(
  path: string,
  {
    args,
    io,
    timeoutMs,
    loads,
  }: { readonly args: Args; readonly io: Io; readonly timeoutMs: number; readonly loads: boolean },
  consultation: Consultation,
): Promise<void> {
  const configuration = await read(path, { args, io, loads }, consultation);
  if (configuration === undefined) return;
  const { source, blocks, secrets } = configuration;
  consultation.keepOut((words) => secrets.redact(words));
  const names = blocks.map(({ name }) => name);
  new Report("configuration", (finding) => consultation.add(finding)).ok(
    `${source.name} is good, ${names.length} ${names.length === 1 ? "block" : "blocks"}: ${names.join(", ")}`,
  );
  for (const { address, at, before } of boundTwice(configuration)) {
    const report = new Report(`address ${address}`, (finding) => consultation.add(finding, at));
    report.error(`is bound here and at ${before}`, "give each its own address, or let one connect");
  }
  for (const { name, at } of loads ? ownParts(configuration) : []) {
    new Report(name, (finding) => consultation.add(finding, at)).ok("is code of yours: what it meets is not looked at");
  }
  await checkBlocks(configuration, io.cwd, (finding, at) => consultation.add(finding, at));
  const visits = visitsOf(configuration, loads);
  const begin = (some: readonly PlacedVisit[]): void => {
    const works = some.map((visit) => () => examined(visit, timeoutMs, io.signal));
    for (const [index, result] of together(works, AT_ONCE).entries()) results.set(some[index] as PlacedVisit, result);
  };
  const results = new Map<PlacedVisit, Promise<readonly Finding[]>>();
  begin(visits.filter(({ binds }) => binds));
  await Promise.all(results.values());
  begin(visits.filter(({ binds }) => !binds));
  for (const visit of visits) {
    for (const finding of (await results.get(visit)) ?? []) consultation.add(finding, visit.at);
  }
}

/** Reads it, and makes its parts where code may be run; undefined where something is wrong with it. */
async function read(
  path: string,
  { args, io, loads }: { readonly args: Args; readonly io: Io; readonly loads: boolean },
  consultation: Consultation,
): Promise<Configuration | undefined> {
  try {
    const configuration = await describe(path, describeOptions(args, io));
    if (loads) await build(configuration);
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    // What is no configuration at all was not meant: wrong use, and not something that was found.
    if (error.problems.every(({ line }) => line === undefined)) throw error;
    for (const { file, line, column, message } of error.problems) {
      const at = line === undefined ? file : `${file}:${line}:${column}`;
      new Report("configuration", (finding) => consultation.add(finding, at)).failed(new Error(message));
    }
    return undefined;
  }
}
