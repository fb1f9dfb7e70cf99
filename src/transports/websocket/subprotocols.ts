/** Names the form of what a client gets: by subprotocol, or `codec` for the publisher's own. */
export type Form = "native" | "json" | "msgpack" | "codec";

/** The subprotocols, as they stand in the handshake. */
export const SUBPROTOCOLS: Readonly<Record<Exclude<Form, "codec">, string>> = Object.freeze({
  native: "arroyo.native",
  json: "arroyo.json",
  msgpack: "arroyo.msgpack",
});

/** Begins a subprotocol that is none: a browser can send a token in no other header. */
export const TOKEN_PREFIX = "arroyo.token.";

/** Says which subprotocol is agreed upon; undefined where a client asks only for unknown ones. */
export function agreed(
  offered: Iterable<string>,
): { readonly name: string | undefined; readonly form: Form } | undefined {
  let isOther = false;
  for (const name of offered) {
    for (const form of ["native", "msgpack", "json"] as const) if (SUBPROTOCOLS[form] === name) return { name, form };
    isOther ||= !name.startsWith(TOKEN_PREFIX);
  }
  return isOther ? undefined : { name: undefined, form: "codec" };
}

/** Gives the token that stands among the subprotocols of a handshake; undefined without one. */
export function offeredToken(header: string | undefined): string | undefined {
  const offered = header?.split(",").map((name) => name.trim());
  const token = offered?.find((name) => name.startsWith(TOKEN_PREFIX));
  return token === undefined ? undefined : Buffer.from(token.slice(TOKEN_PREFIX.length), "base64url").toString();
}
