import type { Account, Block } from "arroyojs";

/** Tells the test something; nothing happens where nobody listens. */
export function say(word: object): void {
  if (process.connected) process.send?.(word);
}

/** Tells the test the last thing, then hangs up, so that the program can end. */
export function sayLast(word: object): void {
  process.removeAllListeners("disconnect");
  // Not before it is written: hanging up drops what waits.
  if (process.connected) process.send?.(word, () => process.disconnect?.());
}

/** Takes orders from the test. The program ends with its block: orders keep it alive only as long. */
export function takeOrders<Order>(take: (order: Order) => void): void {
  process.on("message", (order) => take(order as Order));
  process.channel?.unref();
  // A test that is gone needs no process any more.
  process.on("disconnect", () => process.exit(70));
}

/** What a program says of its block. */
export type BlockWord =
  | { readonly say: "ready" }
  | { readonly say: "run"; readonly run: string; readonly what: string; readonly reason?: string }
  | { readonly say: "account"; readonly account: Account };

/** Says when a block is ready, how its runs go, and its account at the end. */
// biome-ignore lint/suspicious/noExplicitAny: blocks of any contents tell the same
export function tellOf(block: Block<any, any>): void {
  block.on("run", ({ run, what, reason }) => say({ say: "run", run, what, reason }));
  let isAsked = false;
  block.on("state", ({ part, state }) => {
    if (isAsked || part === "block" || state !== "ready") return;
    isAsked = true;
    block.ready().then(
      () => say({ say: "ready" }),
      () => undefined,
    );
  });
  void block.finished.catch(() => undefined).then(() => sayLast({ say: "account", account: block.account }));
}
