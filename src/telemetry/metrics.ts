import type { BlockEvents } from "../events.ts";
import type { Observed, ObservedCounts, ObservedLoad, Timings } from "./observed.ts";
import type { Metric, Sample } from "./prometheus.ts";
import type { Watched } from "./watched.ts";

type CountName = Exclude<keyof ObservedCounts, "reasons" | "lost">;

/** What the account counts. */
const COUNTERS: readonly (readonly [name: string, help: string, of: CountName])[] = [
  ["arroyo_messages_received_total", "Messages taken in: Starts, events and Stops.", "received"],
  ["arroyo_events_received_total", "Events taken in.", "events"],
  ["arroyo_messages_finished_total", "Messages that are done: every required publisher has their results.", "finished"],
  ["arroyo_messages_filtered_total", "Finished messages that had no result.", "filtered"],
  ["arroyo_messages_reduced_total", "Finished messages that went into a result together with others.", "reduced"],
  ["arroyo_messages_published_total", "Results given to the publishers.", "published"],
  ["arroyo_events_published_total", "Results given to the publishers that are events.", "publishedEvents"],
  ["arroyo_messages_dropped_total", "Messages left out here on purpose.", "dropped"],
  ["arroyo_messages_failed_total", "Messages given up after an error.", "failed"],
  ["arroyo_messages_dead_total", "Messages put into the dead letters.", "dead"],
  ["arroyo_messages_rejected_total", "Wire messages that were no messages.", "rejected"],
  ["arroyo_events_dropped_upstream_total", "Events that an earlier stage says it left out.", "droppedUpstream"],
];

const GAUGES: readonly (readonly [name: string, help: string, of: keyof ObservedLoad])[] = [
  ["arroyo_queue_messages", "Messages that wait in the queue.", "queued"],
  ["arroyo_held_messages", "Messages that the operator holds.", "held"],
  ["arroyo_unsettled_bytes", "Memory of all that is not settled.", "bytes"],
  ["arroyo_calls_running", "Calls of the operator that have begun.", "running"],
  ["arroyo_calls_computing", "Calls of the operator that are waited for.", "computing"],
  ["arroyo_results_waiting", "Results that wait for publishers.", "outgoing"],
];

/** Each reason is a label: texts from outside must not become metrics without end. */
const MOST_REASONS = 50;

/** Reads all metrics of some blocks, now; nothing is measured before. */
export function blockMetrics(blocks: readonly Watched[], nowMs: number): readonly Metric[] {
  const of = (read: (block: Observed, watched: Watched) => readonly Sample[]): readonly Sample[] =>
    blocks.flatMap((watched) => read(watched.block, watched));
  const accounts = new Map(blocks.map(({ block }) => [block, block.account]));
  const counts = (block: Observed): ObservedCounts => accounts.get(block) as ObservedCounts;
  const loads = new Map(blocks.map(({ block }) => [block, block.load]));
  const one = (block: Observed, value: number, more: Readonly<Record<string, string>> = {}): Sample => ({
    labels: { block: block.name, ...more },
    value,
  });
  return [
    ...COUNTERS.map(([name, help, key]): Metric => {
      return { name, help, type: "counter", samples: of((block) => [one(block, counts(block)[key])]) };
    }),
    {
      name: "arroyo_events_lost_total",
      type: "counter",
      help: "Events that were sent and did not arrive; left out where readers share a stream and nobody can know.",
      samples: of((block) => {
        const { lost } = counts(block);
        return lost === "unknown" ? [] : [one(block, lost)];
      }),
    },
    {
      name: "arroyo_reasons_total",
      type: "counter",
      help: "Drops, failures and rejections by their reason.",
      samples: of((block) => reasonSamples(block, counts(block).reasons)),
    },
    {
      name: "arroyo_messages_unfinished",
      type: "gauge",
      help: "Messages that were taken in and are not finished.",
      samples: of((block) => [one(block, counts(block).left)]),
    },
    ...GAUGES.map(([name, help, key]): Metric => {
      return { name, help, type: "gauge", samples: of((block) => [one(block, loads.get(block)?.[key] ?? 0)]) };
    }),
    {
      name: "arroyo_oldest_unfinished_seconds",
      type: "gauge",
      help: "How long the oldest unfinished message waits.",
      samples: of((block, watched) => [one(block, watched.stalledMs(nowMs) / 1000)]),
    },
    summary(blocks, "arroyo_process_seconds", "Time of the newest calls of process.", ({ process }) => process),
    summary(
      blocks,
      "arroyo_queued_seconds",
      "Time that the newest messages waited in the queue.",
      ({ queued }) => queued,
    ),
    {
      name: "arroyo_runs_opened_total",
      type: "counter",
      help: "Runs that opened.",
      samples: of((block, { runsOpened }) => [one(block, runsOpened)]),
    },
    {
      name: "arroyo_runs_ended_total",
      type: "counter",
      help: "Runs that ended, by the reason.",
      samples: of((block, { runsEnded }) => [...runsEnded].map(([reason, value]) => one(block, value, { reason }))),
    },
    {
      name: "arroyo_dead_letters_total",
      type: "counter",
      help: "Dead letters written, by the step that failed.",
      samples: of((block, { deadLetters }) => [...deadLetters].map(([step, value]) => one(block, value, { step }))),
    },
    {
      name: "arroyo_warnings_total",
      type: "counter",
      help: "Warnings.",
      samples: of((block, { warnings }) => [one(block, warnings)]),
    },
    {
      name: "arroyo_lag_messages",
      type: "gauge",
      help: "Messages of a listener's source that are not finished here, where the source can be asked.",
      samples: of((block, { lags }) => [...lags.values()].flatMap((lag) => lagSamples(block, lag))),
    },
    {
      name: "arroyo_state",
      type: "gauge",
      help: "1 for the state that a block, or one of its listeners and publishers, is in.",
      samples: of((block, { states }) => [...states].map(([part, state]) => one(block, 1, { part, state }))),
    },
  ];
}

function summary(
  blocks: readonly Watched[],
  name: string,
  help: string,
  of: (timings: Timings) => { readonly p50: number; readonly p99: number },
): Metric {
  const samples = blocks.flatMap(({ block }) => {
    if (block.timings === undefined) return [];
    const { p50, p99 } = of(block.timings);
    return [
      { labels: { block: block.name, quantile: "0.5" }, value: p50 / 1000 },
      { labels: { block: block.name, quantile: "0.99" }, value: p99 / 1000 },
    ];
  });
  return { name, type: "summary", help, samples };
}

function lagSamples(block: Observed, { part, messages, partitions }: BlockEvents["lag"]): readonly Sample[] {
  const labels = { block: block.name, part };
  if (partitions === undefined) return [{ labels, value: messages }];
  return Object.entries(partitions).map(([partition, value]) => ({ labels: { ...labels, partition }, value }));
}

function reasonSamples(block: Observed, reasons: Readonly<Record<string, number>>): readonly Sample[] {
  const sorted = Object.entries(reasons).sort(([, first], [, second]) => second - first);
  const shown = sorted.slice(0, MOST_REASONS);
  const rest = sorted.slice(MOST_REASONS).reduce((sum, [, times]) => sum + times, 0);
  const all = rest === 0 ? shown : [...shown, ["other", rest] as const];
  return all.map(([reason, value]) => ({ labels: { block: block.name, reason }, value }));
}
