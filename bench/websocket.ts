import { Company } from "./company.ts";
import type { Findings, Row, Size } from "./row.ts";
import { digits, ratios } from "./spread.ts";
import { inTurns } from "./turns.ts";

const CLIENTS = 50;
const PAYLOAD_BYTES = 10_000;
/** What may wait for one client. */
const MAX_BYTES = 1024 * 1024;
const MB = 1024 * 1024;
const LEAST = 0.95;

interface Ended {
  readonly sent: number;
  readonly perSecond: number;
  readonly peakBytes: number;
  readonly account: Readonly<Record<"received" | "published" | "dropped" | "failed" | "left", number>>;
  readonly given: number;
  readonly notGiven: number;
}

interface Served {
  readonly perSecond: number;
  readonly grownMB: number;
  /** Messages that the slowest of the living clients got, each second. */
  readonly shown: number;
}

/** Measures what many WebSocket clients, half of which do not read, cost a block. */
export const websocket: Row = { name: "websocket", measure };

async function measure(size: Size): Promise<Findings> {
  const seconds = size.quick ? 1 : 5;
  const found = await inTurns(size, { alone: () => served(0, seconds), watched: () => served(CLIENTS, seconds) });
  const rates = (all: readonly Served[]): number[] => all.map(({ perSecond }) => perSecond);
  return {
    title: `${CLIENTS} WebSocket clients, half of them stalled`,
    method:
      `A block passes events of ${PAYLOAD_BYTES / 1000} kB from a source of its own process to a WebSocketPublisher as it ` +
      `is by default (overflow: latest), for ${seconds} s, with nobody there and with ${CLIENTS} clients of another ` +
      "process, every second of which reads nothing. Every event must have been published, and each client be given it or " +
      `not, by count. ${digits((CLIENTS * MAX_BYTES) / MB)} MB may wait for all clients.`,
    lines: [
      {
        what: `**rate with ${CLIENTS} clients / rate without**`,
        values: ratios(rates(found.watched), rates(found.alone)),
        target: { least: LEAST },
      },
      { what: "events/s without clients", values: rates(found.alone) },
      { what: `events/s with ${CLIENTS} clients`, values: rates(found.watched) },
      {
        what: "**memory beyond that before the first event, MB more than without clients**",
        values: found.watched.map(({ grownMB }, round) => grownMB - (found.alone[round] as Served).grownMB),
        target: { most: (CLIENTS * MAX_BYTES) / MB, text: "<= what may wait" },
      },
      {
        what: "events/s that the slowest reading client was shown",
        values: found.watched.map(({ shown }) => shown),
        target: { least: 10 },
      },
    ],
  };
}

async function served(clients: number, seconds: number): Promise<Served> {
  await using company = new Company();
  const program = company.begin("websocket-block", {
    seconds,
    payloadBytes: PAYLOAD_BYTES,
    maxBytes: MAX_BYTES,
    clients,
  });
  const { url } = await program.word<{ said: string; url: string }>("ready");
  const watching = clients === 0 ? undefined : company.begin("websocket-clients", { url, clients });
  await watching?.word("open");
  const { idleBytes } = await program.word<{ said: string; idleBytes: number }>("served");
  program.tell("begin");
  const ended = await program.word<Ended & { said: string }>("ended");
  watching?.tell("end");
  const seen = await watching?.word<{ said: string; least: number }>("ended");
  check(ended, clients);
  await company.end();
  return {
    perSecond: ended.perSecond,
    grownMB: (ended.peakBytes - idleBytes) / MB,
    shown: (seen?.least ?? 0) / seconds,
  };
}

function check({ sent, account, given, notGiven }: Ended, clients: number): void {
  const { received, published, dropped, failed, left } = account;
  const isWhole = received === sent + 2 && published === sent + 2 && dropped === 0 && failed === 0 && left === 0;
  // What still waits for those who do not read is in neither count.
  const counted = given + notGiven;
  const isCounted = counted <= clients * sent && counted >= clients * (sent - 2);
  if (isWhole && isCounted) return;
  const figures = JSON.stringify({ sent, account, given, notGiven });
  throw new Error(`bench: expected every event to be published, and given to each client or counted: ${figures}`);
}
