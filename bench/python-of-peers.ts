/** Gives the Python of the peers, which has their packages; makes its environment where it is missing. */
export async function pythonOfPeers(): Promise<string> {
  const url = new URL("../scripts/peers/python-environment.mjs", import.meta.url);
  const { pythonWithPeers } = (await import(url.href)) as { pythonWithPeers(): Promise<string> };
  return pythonWithPeers();
}
