import { readFile } from "node:fs/promises";
import { text, UsageError } from "../../errors.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads the package.json of a folder; undefined where there is none. */
export async function readManifest(path: string): Promise<Fields | undefined> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UsageError(`init: package.json cannot be read: ${text(error)}; change who may read it`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new UsageError(`init: package.json is no JSON: ${text(error)}; put it right, or take an empty folder`, {
      cause: error,
    });
  }
  if (isFields(value)) return value;
  throw new UsageError("init: package.json holds no object; put it right, or take an empty folder");
}

/** Adds what is missing in a package.json; nothing that stands there is changed. */
export function completed(given: Fields, wanted: Fields): Fields {
  if (given["type"] !== undefined && given["type"] !== "module") {
    throw new UsageError(
      `init: package.json says "type": ${JSON.stringify(given["type"])}, and blocks are modules; ` +
        'write "type": "module", or take an empty folder',
    );
  }
  const { scripts, dependencies, devDependencies, ...others } = wanted;
  const isThere = (name: string): boolean =>
    [given["dependencies"], given["devDependencies"]].some((list) => isFields(list) && Object.hasOwn(list, name));
  const missing = (list: unknown): Fields =>
    Object.fromEntries(Object.entries(list as Fields).filter(([name]) => !isThere(name)));
  const merged = (name: string, list: Fields): Fields => {
    const before = given[name];
    const both = { ...list, ...(isFields(before) ? withoutPlaceholder(before) : {}) };
    return Object.keys(both).length === 0 ? {} : { [name]: both };
  };
  // A name and a version are a package's own business, once there is one.
  const { name: _, version: __, private: ___, ...rest } = others;
  return {
    ...given,
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => given[key] === undefined)),
    ...merged("scripts", scripts as Fields),
    ...merged("dependencies", missing(dependencies)),
    ...merged("devDependencies", missing(devDependencies)),
  };
}

/** What `npm init` writes as a test is none. */
function withoutPlaceholder(scripts: Fields): Fields {
  return Object.fromEntries(
    Object.entries(scripts).filter(([name, line]) => !(name === "test" && /no test specified/.test(String(line)))),
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
