// Serves the page and the client, which is plain ES modules: no bundler is needed. A page of your own may as well be
// bundled; then it imports "arroyojs/websocket/client" like any other package.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("index.html", import.meta.url));

/** Finds what a browser can load. In the repository of arroyojs itself the package's name leads to its sources. */
export function builtClient(): string {
  const index = fileURLToPath(import.meta.resolve("arroyojs/websocket/client"));
  return dirname(index.endsWith(".ts") ? index.replace("/src/", "/dist/") : index);
}

/** Serves the page at `/` and the modules of the client below `/client/`; gives the address of the page. */
export async function servePage(port: number, clientFolder: string): Promise<{ url: string; close: () => void }> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://page").pathname;
    const isModule = /^\/client\/[a-z-]+\.js$/.test(path);
    try {
      if (path !== "/" && !isModule) throw new Error("there is no such file");
      const bytes = await readFile(isModule ? join(clientFolder, basename(path)) : PAGE);
      response.writeHead(200, { "Content-Type": isModule ? "text/javascript" : "text/html; charset=utf-8" });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: real } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${real}`, close: () => server.close() };
}
