import { UsageError } from "../../errors.ts";
import type { Document } from "./document-reader.ts";
import type { MessageType } from "./message-fields.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Gives the content of a message as fields of a document. */
export function fieldsOf(content: unknown, name: string): Fields {
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content as Fields;
  throw new UsageError(`${name}: expected an object, whose keys become fields of the document`);
}

/**
 * Puts the fields of a message together: `msg_type`, then those that readers want, then the others. Fields that came
 * with a `msg_type`, because they were read from this format, keep their order.
 */
export function documentOf(type: MessageType, wanted: Fields, fields: Fields): Document {
  const given = withoutGaps(fields);
  if (given["msg_type"] === undefined) return { msg_type: type, ...wanted, ...given };
  const missing = Object.entries(wanted).filter(([key]) => given[key] === undefined);
  return { ...given, msg_type: type, ...Object.fromEntries(missing) };
}

/** Makes the fields name the run: under the first of the keys that is there, otherwise under the first of all. */
export function withRun(fields: Document, keys: readonly [string, ...string[]], run: string): Document {
  const key = keys.find((name) => fields[name] !== undefined && fields[name] !== null) ?? keys[0];
  return String(fields[key]) === run ? fields : { ...fields, [key]: run };
}

/** Gives the fields that are there; themselves when all are. */
function withoutGaps(fields: Fields): Document {
  for (const key in fields) {
    if (fields[key] === undefined)
      return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }
  return fields as Document;
}
