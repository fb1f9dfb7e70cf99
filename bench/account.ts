/** Is what a block said of its messages at its end. */
export interface Account {
  readonly received: number;
  readonly finished: number;
  readonly published: number;
  readonly lost: number | "unknown";
  readonly left: number;
  readonly rejected: number;
}

/** Throws where a block that passes everything on did not take, finish and publish all messages. */
export function checkAccount(account: Account, all: number): void {
  const { received, finished, published, lost, left, rejected } = account;
  const adds = received === all && finished === all && published === all && lost === 0 && left === 0 && rejected === 0;
  if (!adds) throw new Error(`bench: expected an account of ${all} messages, got ${JSON.stringify(account)}`);
}
