/** Names the form in which an array stands in a document: two ways to say element type and shape, or bytes alone. */
export type ArrayForm = "map" | "msgpack-numpy" | "bytes";

/**
 * Stands in an event's metadata where the array was that became the payload. Whoever writes the same format again puts
 * the payload back at this place, in this form.
 */
export interface PayloadMark {
  readonly $payload: ArrayForm;
}

const MARKS: Readonly<Record<ArrayForm, PayloadMark>> = Object.freeze({
  map: Object.freeze({ $payload: "map" }),
  "msgpack-numpy": Object.freeze({ $payload: "msgpack-numpy" }),
  bytes: Object.freeze({ $payload: "bytes" }),
});

/** Gives the mark of a form. */
export function payloadMark(form: ArrayForm): PayloadMark {
  return MARKS[form];
}

/** Gives the form that a mark names; undefined for everything that is no mark. */
export function markedForm(value: unknown): ArrayForm | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "$payload")) return undefined;
  const form = (value as Record<string, unknown>)["$payload"];
  const isForm = typeof form === "string" && Object.hasOwn(MARKS, form);
  return isForm && Object.keys(value).length === 1 ? (form as ArrayForm) : undefined;
}
