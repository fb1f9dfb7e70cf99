/** Names a module of the tests that threads load. */
export function moduleOf(name: string): URL {
  return new URL(`./modules/${name}`, import.meta.url);
}
