import type { Account, Block, Load } from "arroyojs";

/** What a process of the demo tells the one that draws the screen. */
export interface Report {
  readonly account: Account;
  readonly load: Load;
  readonly ready: boolean;
  /** The account is final. */
  readonly final: boolean;
  readonly curve?: readonly number[];
  /** Numbers of frames that never arrived, between the first and the last that did. */
  readonly missing?: readonly number[];
  /** How many frames came once more. */
  readonly repeated?: number;
}

/** What a process knows beside its account. */
export type Findings = Pick<Report, "curve" | "missing" | "repeated">;

/** Tells the parent process ten times a second how a block is doing, and at the end what became of everything. */
// biome-ignore lint/suspicious/noExplicitAny: blocks of any contents are reported
export function report(block: Block<any, any>, findings?: () => Findings): void {
  let ready = false;
  const tell = (final: boolean): void => {
    if (process.send === undefined || !process.connected) return;
    const { account, load } = block;
    const message: Report = { account, load, ready, final, ...findings?.() };
    process.send(message);
  };
  const timer = setInterval(() => tell(false), 100);
  timer.unref();
  void block.finished
    .catch(() => undefined)
    .then(() => {
      clearInterval(timer);
      tell(true);
      process.disconnect?.();
    });
  block.on("state", ({ part, state }) => {
    if (part === "block" || state !== "ready") return;
    void block.ready().then(
      () => {
        ready = true;
        tell(false);
      },
      () => undefined,
    );
  });
  // A demo whose screen is gone has nobody to work for.
  process.on("disconnect", () => void block.stop());
  process.channel?.unref();
}
