import type { Command } from "./command.ts";

/** Is a line of the list of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the command does, in a phrase that begins with a verb. */
  readonly summary: string;
  /** Loads the command, and nothing else of the program. */
  load(): Promise<{ readonly command: Command }>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "look",
    summary: "show what a stream carries: runs, rate, losses, the latest frame",
    load: () => import("./commands/look.ts"),
  },
  {
    name: "send",
    summary: "publish messages from standard input or files",
    load: () => import("./commands/send.ts"),
  },
  {
    name: "decode",
    summary: "print what is in the files of a wire format",
    load: () => import("./commands/decode.ts"),
  },
  {
    name: "encode",
    summary: "write lines of JSON as messages of a wire format",
    load: () => import("./commands/encode.ts"),
  },
  {
    name: "simulate",
    summary: "send what a detector or a control system would send",
    load: () => import("./commands/simulate.ts"),
  },
  {
    name: "record",
    summary: "record a stream into a file, as it is",
    load: () => import("./commands/record.ts"),
  },
  {
    name: "replay",
    summary: "publish a recorded stream again, or list what was recorded",
    load: () => import("./commands/replay.ts"),
  },
  {
    name: "run",
    summary: "run the blocks of a configuration",
    load: () => import("./commands/run.ts"),
  },
  {
    name: "validate",
    summary: "check a configuration and list everything that is wrong with it",
    load: () => import("./commands/validate.ts"),
  },
  {
    name: "doctor",
    summary: "check this machine, and what a configuration will meet: brokers, limits, disks",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "list",
    aliases: ["list-blocks"],
    summary: "list the blocks of a configuration",
    load: () => import("./commands/list.ts"),
  },
  {
    name: "graph",
    summary: "draw how the blocks of a configuration hang together",
    load: () => import("./commands/graph.ts"),
  },
  {
    name: "schema",
    summary: "print the JSON Schema of configurations, for editors",
    load: () => import("./commands/schema.ts"),
  },
  {
    name: "init",
    summary: "make a project that works: a configuration, an operator, a test",
    load: () => import("./commands/init.ts"),
  },
  {
    name: "dead-letters",
    summary: "list, show, replay and drop messages that could not be worked on",
    load: () => import("./commands/dead-letters.ts"),
  },
  {
    name: "bench",
    summary: "measure what this machine can do, beside the bare client",
    load: () => import("./commands/bench.ts"),
  },
  {
    name: "completion",
    summary: "print what makes your shell complete arroyo's commands",
    load: () => import("./commands/completion.ts"),
  },
];
