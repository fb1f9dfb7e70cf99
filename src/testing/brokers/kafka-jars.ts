import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import { cachedFolder } from "./broker-cache.ts";
import { programInPath, runTool } from "./tool.ts";

const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const REMEDY =
  'install Java 17 and Maven ("apt-get install default-jre-headless maven"), or set ARROYO_KAFKA_BROKERS to brokers ' +
  'that run ("127.0.0.1:9092")';

/** Gives the class path of a version of Kafka, fetched by Maven into the user's cache once. */
export async function kafkaClassPath(version: string): Promise<string> {
  return join(await kafkaFolder(version), "lib", "*");
}

/** Gives the folder of a version of Kafka, with its jars in `lib`; throws with what to install. */
export async function kafkaFolder(version: string): Promise<string> {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    throw new UsageError(`kafka: expected a version such as "4.3.1", got ${JSON.stringify(version)}`);
  }
  if ((await programInPath("java")) === undefined) throw new UsageError(`kafka: there is no java; ${REMEDY}`);
  try {
    return await cachedFolder(`kafka-${version}`, (folder) => fetch(version, folder));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`kafka ${version}: Maven can't get it (${why}); ${REMEDY}`, { cause });
  }
}

async function fetch(version: string, folder: string): Promise<void> {
  if ((await programInPath("mvn")) === undefined) throw new UsageError("there is no mvn on this system");
  const work = join(folder, "maven");
  await mkdir(work);
  await writeFile(join(work, "pom.xml"), pom(version));
  await runTool("mvn", ["-B", "-q", PLUGIN, `-DoutputDirectory=${join(folder, "lib")}`, "-DincludeScope=runtime"], {
    cwd: work,
  });
  await rm(work, { recursive: true, force: true });
}

function pom(version: string): string {
  const dependency = (group: string, artifact: string, which: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${which}</version></dependency>`;
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>arroyojs</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", version)}
    ${dependency("org.slf4j", "slf4j-simple", "1.7.36")}
  </dependencies>
</project>
`;
}
