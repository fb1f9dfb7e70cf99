import type { ErrorCode, YAMLParseError } from "yaml";
import type { Stretch } from "./source-file.ts";

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias has neither a tag nor an anchor of its own; write only *NAME",
  BAD_ALIAS: "an alias needs a name; write *NAME, or put a text that begins with * into quotes",
  BAD_DIRECTIVE: "lines that begin with % are not read here; leave the line out",
  BAD_DQ_ESCAPE:
    'after \\ stands none of the letters that YAML knows; write "\\\\" for a backslash, or take single quotes',
  BAD_INDENT: "this is indented differently from what it belongs to; begin entries of one list or map in one column",
  BAD_PROP_ORDER: "anchors and tags stand before the value; write NAME: &ANCHOR VALUE",
  BAD_SCALAR_START: "a text cannot begin so without quotes; put it into quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a second name with a colon stands in this line; is a blank missing after a colon, or are quotes around the text?",
  BLOCK_IN_FLOW: "inside [ ] and { } entries stand behind each other, with commas; write { NAME: VALUE, NAME: VALUE }",
  KEY_OVER_1024_CHARS: "a name has more than 1024 characters; is a quote or a colon missing?",
  MISSING_CHAR: "something is missing here: a colon after a name, a comma, a quote or a bracket",
  MULTILINE_IMPLICIT_KEY: "a name runs over several lines; is the colon or a quote missing in the line before?",
  MULTIPLE_ANCHORS: "one value has one anchor; leave one out",
  MULTIPLE_TAGS: "one value has one tag; leave one out",
  TAB_AS_INDENT: "a tab stands at the beginning of the line; YAML is indented with blanks only",
  TAG_RESOLVE_FAILED: "this does not fit its tag; leave the tag out",
  UNEXPECTED_TOKEN: "this cannot stand here; is a quote, bracket or colon before it missing?",
};

/** Says in words of a user what a fault in the YAML is and what to do, and gives its place. */
export function syntaxFault({ code, message, pos }: YAMLParseError, text: string): { at: Stretch; message: string } {
  if (code === "MISSING_CHAR" && message.endsWith("quote")) {
    const [from, quote] = openQuote(text, message.at(-6) ?? '"') ?? [pos[0], '"'];
    return { at: [from, from + 1], message: `this quote has no end; write ${quote} at the end of the text` };
  }
  if (text[pos[0] - 1] === "$" && text[pos[0]] === "{") {
    const end = text.indexOf("}", pos[0]);
    const name = end === -1 ? "$" + "{NAME}" : text.slice(pos[0] - 1, end + 1);
    const message = `inside [ ] and { } a variable needs quotes; write "${name}"`;
    return { at: [pos[0] - 1, end === -1 ? pos[0] : end + 1], message };
  }
  const blanks = /^[ \r\n]*/.exec(text.slice(pos[0]))?.[0].length ?? 0;
  const isAtEnd = pos[0] + blanks >= text.length;
  const from = isAtEnd ? Math.max(0, text.trimEnd().length - 1) : pos[0] + (code === "TAB_AS_INDENT" ? 0 : blanks);
  return { at: [from, Math.max(from + 1, pos[1])], message: wordsFor(code, message, text[pos[0]]) };
}

function wordsFor(code: ErrorCode, message: string, first: string | undefined): string {
  if (message.startsWith("Sequence item")) return MESSAGES.BAD_INDENT as string;
  if (message.startsWith("Implicit map key")) return "a colon is missing after this name; write NAME: VALUE";
  if (code === "BAD_INDENT" && /[\]}]$/.test(message)) return `a ${message.at(-1)} is missing before this; write it`;
  if (code === "BAD_SCALAR_START" && first !== undefined && "@`%".includes(first)) {
    return `a text cannot begin with ${first} without quotes; put it into quotes`;
  }
  return MESSAGES[code] ?? "this is no YAML; see the line and the one before it";
}

/** Finds the first line in which quotes do not come in pairs. */
function openQuote(text: string, quote: string): readonly [number, string] | undefined {
  let start = 0;
  for (const line of text.split("\n")) {
    const places = [...line.replace(/\\./g, "..").matchAll(new RegExp(quote, "g"))].map(({ index }) => index);
    if (places.length % 2 === 1) return [start + (places.at(-1) as number), quote];
    start += line.length + 1;
  }
  return undefined;
}
