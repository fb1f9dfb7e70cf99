/** Gives the value of a variable of the environment, if it has one. */
export type Variables = (name: string) => string | undefined;

/** Is what came of a text with `${...}` in it: the text, the values that were put in, or what is wrong. */
export type Interpolated =
  | { readonly text: string; readonly used: readonly (readonly [value: string, origin: string])[] }
  | { readonly wrong: string; readonly offset: number };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Tells whether a text has anything to be put in, or to be unescaped. */
export function isInterpolated(text: string): boolean {
  return /\$[{$]/.test(text);
}

/** Puts variables into a text: `${NAME}`, `${NAME:-default}`; `$$` is a dollar. What is put in is not looked at again. */
export function interpolate(text: string, variables: Variables): Interpolated {
  const used: [string, string][] = [];
  let out = "";
  let from = 0;
  for (let at = text.indexOf("$"); at !== -1; at = text.indexOf("$", from)) {
    out += text.slice(from, at);
    const next = text[at + 1];
    if (next === "$") {
      out += "$";
      from = at + 2;
    } else if (next === "{") {
      const end = text.indexOf("}", at);
      if (end === -1) {
        const wrong = `"\${" has no end; write "\${NAME}", or "$\${" for these two characters themselves`;
        return { wrong, offset: at };
      }
      const [name = "", fallback] = split(text.slice(at + 2, end));
      if (!NAME.test(name)) {
        const wrong =
          "a name of a variable has letters, digits and _ only; " +
          'write "$' +
          '{NAME}" or "$' +
          '{NAME:-default}", and "$$" for a dollar';
        return { wrong, offset: at };
      }
      const value = variables(name);
      const isSet = value !== undefined && value !== "";
      if (isSet) used.push([value, `\${${name}}`]);
      else if (fallback === undefined && value === undefined) {
        const wrong = `the variable ${name} is not set; set it, or give a default: \${${name}:-default}`;
        return { wrong, offset: at };
      }
      out += isSet ? value : (fallback ?? "");
      from = end + 1;
    } else {
      out += "$";
      from = at + 1;
    }
  }
  return { text: out + text.slice(from), used };
}

function split(inside: string): [name: string, fallback?: string] {
  const at = inside.indexOf(":-");
  return at === -1 ? [inside] : [inside.slice(0, at), inside.slice(at + 2)];
}

/** Reads a text without quotes as YAML would, but only in the plainest forms: "007" and "1e3" stay texts. */
export function plainScalar(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text !== "" && Number.isFinite(number) && String(number) === text ? number : text;
}
