import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections (from 32 768 on Linux, from 49 152 elsewhere): one of those
 * may become the port of any connection while its server is away, also of one that tries to reach this very server.
 */
const FROM = 10_240;
const UNTIL = 32_768;

/** Gives so many ports of the loopback interface that nobody listens at, none twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FROM, UNTIL);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await once(server.close(), "close");
  }
}
