import type { DescribeOptions } from "../config/describe.ts";
import type { Args } from "./args.ts";
import type { Option } from "./command.ts";
import type { Io } from "./io.ts";

/** Says what the argument CONFIG may be. */
export const CONFIGURATION_ABOUT: string =
  "CONFIG is a YAML file, or a folder with an arroyo.yaml; default the current folder.";

/** The options of every command that reads a configuration. */
export const CONFIGURATION_OPTIONS: Readonly<Record<string, Option>> = {
  instance: { type: "string", value: "ID", description: "the value of the variable ARROYO_INSTANCE" },
  secrets: {
    type: "string",
    multiple: true,
    value: "DIR",
    description: "where !file may read too; default /run/secrets",
  },
};

/** Gives what a configuration is read with. */
export function describeOptions(args: Args, io: Io): DescribeOptions {
  const instance = args.text("instance");
  const folders = args.list("secrets");
  return {
    env: io.env,
    cwd: io.cwd,
    ...(folders.length > 0 && { secretsFolders: folders }),
    ...(instance !== undefined && { instance }),
  };
}
