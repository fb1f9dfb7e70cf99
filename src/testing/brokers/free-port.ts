import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Gives so many ports of the loopback interface that nobody listens at. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are open at once, so that none comes twice.
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => (server.listening ? undefined : once(server, "listening"))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
