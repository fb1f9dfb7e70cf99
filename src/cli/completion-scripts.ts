import type { Option } from "./command.ts";
import { SHARED } from "./parse.ts";

/** Is what a script of completion needs to know of a command. */
export interface Described {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
}

const PROGRAMS = ["arroyo", "arroyojs"] as const;

/** Makes the script for bash. */
export function bashScript(commands: readonly Described[]): string {
  const cases = commands.flatMap((command) => {
    const values = optionsOf(command).flatMap(([key, { choices }]) =>
      choices === undefined
        ? []
        : [`      --${key}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word")); return ;;`],
    );
    return [
      `    ${[command.name, ...command.aliases].join("|")})`,
      ...(values.length > 0 ? ['      case "$before" in', ...values, "      esac"] : []),
      `      words="${flags(command).join(" ")}" ;;`,
    ];
  });
  return lines(
    "_arroyo() {",
    '  local word="$' + '{COMP_WORDS[COMP_CWORD]}" before="$' + '{COMP_WORDS[COMP_CWORD-1]}" words=""',
    "  COMPREPLY=()",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${[...names(commands), "help", "--help", "--version"].join(" ")}" -- "$word"))`,
    "    return",
    "  fi",
    '  case "$' + '{COMP_WORDS[1]}" in',
    `    help) COMPREPLY=($(compgen -W "${names(commands).join(" ")}" -- "$word")); return ;;`,
    ...cases,
    "  esac",
    '  case "$word" in',
    '    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;',
    "  esac",
    "}",
    `complete -o default -F _arroyo ${PROGRAMS.join(" ")}`,
  );
}

/** Makes the script for zsh. */
export function zshScript(commands: readonly Described[]): string {
  const cases = commands.flatMap((command) => [
    `    ${[command.name, ...command.aliases].join("|")})`,
    "      _arguments \\",
    ...optionsOf(command).map(([key, option]) => `        '${zshOption(key, option)}' \\`),
    "        '*:file:_files' ;;",
  ]);
  return lines(
    `#compdef ${PROGRAMS.join(" ")}`,
    "_arroyo() {",
    "  local -a commands=(",
    ...commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`),
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    "    return",
    "  fi",
    "  local command=$words[2]",
    "  shift words; (( CURRENT-- ))",
    "  case $command in",
    "    help) _describe command commands ;;",
    ...cases,
    "  esac",
    "}",
    `if [ "$funcstack[1]" = _arroyo ]; then _arroyo "$@"; else compdef _arroyo ${PROGRAMS.join(" ")}; fi`,
  );
}

/** Makes the script for fish. */
export function fishScript(commands: readonly Described[]): string {
  const all = [...names(commands), "help"].join(" ");
  return lines(
    ...PROGRAMS.flatMap((program) => [
      ...commands.map(
        ({ name, summary }) =>
          `complete -c ${program} -f -n "not __fish_seen_subcommand_from ${all}" -a ${name} -d '${quoted(summary)}'`,
      ),
      ...commands.flatMap((command) =>
        optionsOf(command).map(([key, { type, short, description, choices }]) =>
          [
            `complete -c ${program} -n "__fish_seen_subcommand_from ${[command.name, ...command.aliases].join(" ")}" -l ${key}`,
            ...(short === undefined ? [] : [`-s ${short}`]),
            ...(type === "string" ? ["-r"] : []),
            ...(choices === undefined ? [] : [`-f -a '${choices.join(" ")}'`]),
            `-d '${quoted(description)}'`,
          ].join(" "),
        ),
      ),
    ]),
  );
}

function optionsOf(command: Described): readonly (readonly [string, Option])[] {
  return Object.entries({ ...command.options, ...SHARED });
}

function names(commands: readonly Described[]): string[] {
  return commands.flatMap(({ name, aliases }) => [name, ...aliases]);
}

function flags(command: Described): string[] {
  return optionsOf(command).flatMap(([key, { short }]) => [`--${key}`, ...(short === undefined ? [] : [`-${short}`])]);
}

function zshOption(key: string, { type, description, value = "VALUE", choices }: Option): string {
  const about = quoted(description).replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", "\\:");
  if (type === "boolean") return `--${key}[${about}]`;
  return `--${key}=[${about}]:${value}:${choices === undefined ? "" : `(${choices.join(" ")})`}`;
}

/** Keeps a text within single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", "’");
}

function lines(...all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
