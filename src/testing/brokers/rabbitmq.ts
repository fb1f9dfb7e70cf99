import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { UsageError } from "../../errors.ts";
import { AttachedBroker } from "./attached-broker.ts";
import { type Broker, type BrokerOptions, READY_MS } from "./broker.ts";
import { libraryPath, unpackedPackages } from "./debian-packages.ts";
import type { Command, Recipe } from "./private-broker.ts";
import { ask } from "./probe.ts";
import { startPrivate } from "./start-private.ts";

/** Configures a RabbitMQ node. */
export interface RabbitMqOptions extends BrokerOptions {
  /** Further lines of rabbitmq.conf, by name; they come last, so that they win. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Plugins that are enabled, such as `rabbitmq_management`. Default none. */
  readonly plugins?: readonly string[];
}

/** Names the programs of a RabbitMQ, in the system or unpacked. */
interface Programs {
  readonly server: string;
  readonly epmd: string;
  readonly env: Readonly<Record<string, string>>;
}

const ERLANG =
  "asn1 crypto public-key mnesia runtime-tools ssl eldap ftp tftp inets snmp os-mon parsetools syntax-tools";
const PACKAGES = [
  ...["rabbitmq-server", "socat", "libwrap0", "erlang-base"],
  ...`${ERLANG} tools xmerl`.split(" ").map((name) => `erlang-${name}`),
];
const REMEDY =
  'install it ("apt-get install rabbitmq-server"), or set ARROYO_AMQP_URL to one that runs ' +
  '("amqp://guest:guest@127.0.0.1:5672")';

/**
 * Starts a RabbitMQ node of its own, or attaches to the one that ARROYO_AMQP_URL names. The programs are those of the
 * system's packages, installed or unpacked into the user's cache.
 */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<Broker> {
  const url = process.env.ARROYO_AMQP_URL;
  if (url && options.own !== true) return new AttachedBroker("rabbitmq", "ARROYO_AMQP_URL", url, 5672);
  const programs = await rabbitMqPrograms();
  return startPrivate("rabbitmq", 4, (folder, ports) => prepared(folder, ports, programs, options));
}

/** Finds the programs, or gets them; throws with what to install. */
export async function rabbitMqPrograms(): Promise<Programs> {
  const installed = programsBelow("/");
  if (installed !== undefined) return { ...installed, env: {} };
  const root = await unpackedPackages({ name: "rabbitmq", packages: PACKAGES, remedy: REMEDY, finish: relocate });
  const unpacked = programsBelow(root);
  if (unpacked === undefined)
    throw new UsageError(`rabbitmq: its programs are not in ${root}; delete it and try again`);
  const path = `${join(root, "own-bin")}${delimiter}${join(root, "usr", "bin")}${delimiter}${process.env.PATH}`;
  // Packages are unpacked beside their place and moved there, so that only now it is known.
  return { ...unpacked, env: { PATH: path, ARROYO_ERLANG_ROOT: root, LD_LIBRARY_PATH: libraryPath(root) } };
}

/** What is in the path is of no use: it changes to a user of its own, or refuses. */
function programsBelow(root: string): { readonly server: string; readonly epmd: string } | undefined {
  const server = onlyFolder(join(root, "usr/lib/rabbitmq/lib"), "rabbitmq_server-", "sbin/rabbitmq-server");
  const epmd = onlyFolder(join(root, "usr/lib/erlang"), "erts-", "bin/epmd");
  return server === undefined || epmd === undefined ? undefined : { server, epmd };
}

function onlyFolder(parent: string, beginning: string, file: string): string | undefined {
  if (!existsSync(parent)) return undefined;
  const name = readdirSync(parent).find((one) => one.startsWith(beginning));
  return name === undefined ? undefined : join(parent, name, file);
}

/** Erlang's start script has its place written in; ours takes it from the environment. */
async function relocate(root: string): Promise<void> {
  const script = readFileSync(join(root, "usr/lib/erlang/bin/erl"), "utf8");
  const own = join(root, "own-bin");
  await mkdir(own, { recursive: true });
  const place = () => `ROOTDIR="$ARROYO_ERLANG_ROOT/usr/lib/erlang"`;
  await writeFile(join(own, "erl"), script.replace(/\bROOTDIR=\/usr\/lib\/erlang$/gm, place));
  await chmod(join(own, "erl"), 0o755);
}

async function prepared(
  folder: string,
  [port = 0, epmdPort = 0, distPort = 0, ctlPort = 0]: readonly number[],
  { server, epmd, env }: Programs,
  { settings = {}, plugins = [], readyMs = READY_MS }: RabbitMqOptions,
): Promise<Recipe> {
  const at = (name: string): string => join(folder, name);
  for (const name of ["home", "mnesia", "logs", "generated"]) await mkdir(at(name));
  const conf = {
    "listeners.tcp.1": `127.0.0.1:${port}`,
    "log.console": "false",
    "vm_memory_high_watermark.relative": 0.6,
    "disk_free_limit.absolute": "50MB",
    max_message_size: 536_870_912,
    ...settings,
  };
  await writeFile(
    at("rabbitmq.conf"),
    Object.entries(conf)
      .map((pair) => `${pair.join(" = ")}\n`)
      .join(""),
  );
  await writeFile(at("advanced.config"), "[].\n");
  await writeFile(at("enabled_plugins"), `[${plugins.join(",")}].\n`);
  const shared: Command["env"] = {
    ...env,
    HOME: at("home"),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(epmdPort),
  };
  return {
    name: "rabbitmq-server",
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    folder,
    commands: [
      { command: epmd, args: ["-port", String(epmdPort), "-address", "127.0.0.1"], env: shared },
      {
        command: server,
        args: [],
        env: {
          ...shared,
          // The script becomes the node, so that its id is the node's and SIGTERM ends it cleanly.
          RUNNING_UNDER_SYSTEMD: "1",
          RABBITMQ_NODENAME: `t${port}@localhost`,
          RABBITMQ_DIST_PORT: String(distPort),
          RABBITMQ_CTL_DIST_PORT_MIN: String(ctlPort),
          RABBITMQ_CTL_DIST_PORT_MAX: String(ctlPort),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
          RABBITMQ_CONF_ENV_FILE: "/dev/null",
          RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
          RABBITMQ_ADVANCED_CONFIG_FILE: at("advanced.config"),
          RABBITMQ_ENABLED_PLUGINS_FILE: at("enabled_plugins"),
          RABBITMQ_MNESIA_BASE: at("mnesia"),
          RABBITMQ_LOG_BASE: at("logs"),
          RABBITMQ_PID_FILE: at("pid"),
          RABBITMQ_FEATURE_FLAGS_FILE: at("feature_flags"),
          RABBITMQ_GENERATED_CONFIG_DIR: at("generated"),
        },
      },
    ],
    readyMs,
    probe: () => answers(port),
  };
}

async function answers(port: number): Promise<boolean> {
  // The first frame of the answer is a method: connection.start.
  return (await ask(port, Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1), 1))?.[0] === 1;
}
