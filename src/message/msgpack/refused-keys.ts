/** Tells whether a name could reach the prototype of an object; such a name is never a key, in or out. */
export function isRefusedKey(name: string): boolean {
  const { length } = name;
  return (length === 9 && (name === "__proto__" || name === "prototype")) || (length === 11 && name === "constructor");
}
