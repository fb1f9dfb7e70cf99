/** Gives what comes next; nothing when the socket was closed meanwhile. */
export async function received<T>(from: { receive(): Promise<T> }): Promise<T | undefined> {
  try {
    return await from.receive();
  } catch {
    return undefined;
  }
}
