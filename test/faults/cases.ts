/** Names how a block reads from a broker. */
export type ReaderName = "redis group" | "redis cursor" | "kafka group" | "rabbitmq queue" | "rabbitmq stream";

/** Names a broker. */
export type BrokerName = "redis" | "kafka" | "rabbitmq";

/** The ways of reading, by broker. */
export const READERS: Readonly<Record<BrokerName, readonly ReaderName[]>> = {
  redis: ["redis group", "redis cursor"],
  kafka: ["kafka group"],
  rabbitmq: ["rabbitmq queue", "rabbitmq stream"],
};

/** Names a place on a message's way through a block's process. */
export type Stage = "received" | "processing" | "publishing" | "published" | "committing";

/** Says what goes wrong. */
export type Fault =
  /** The process dies by SIGKILL at a stage. */
  | { readonly kind: "kill"; readonly at: Stage }
  /** The process is told to end, by SIGTERM, in the midst of a run. */
  | { readonly kind: "end" }
  /** The broker dies by SIGKILL and is started again on its data. */
  | { readonly kind: "broker" }
  /** All connections break, three times. */
  | { readonly kind: "cut" }
  /** All connections stand still: for a second, or until the block has noticed. */
  | { readonly kind: "stall"; readonly until: "a second" | "noticed" }
  /** The broker does what it is asked, and its answers are lost. */
  | { readonly kind: "answers" }
  /** A second consumer joins, works, and goes. */
  | { readonly kind: "consumer"; readonly goes: "by itself" | "killed" }
  /** The publisher takes longer than all signs of life between client and broker may. */
  | { readonly kind: "slow" }
  /** Bytes that are no message, and messages over which the operator fails. */
  | { readonly kind: "poison" }
  /** More of them than the dead-letter store holds. */
  | { readonly kind: "full" };

/** Is one line of the matrix. */
export interface FaultCase {
  readonly name: string;
  readonly fault: Fault;
  /** Passes everything on, message by message; or makes sums and means, run by run (`recover: "run"`). */
  readonly work: "pass" | "sums";
  /** How many results may come twice, where that is known. */
  readonly duplicates?: 0;
  /** Readers with which it is not possible, and why. */
  readonly not?: Readonly<Partial<Record<ReaderName, string>>>;
}

const STAGES: readonly Stage[] = ["received", "processing", "publishing", "published", "committing"];

/** Of one that is shared, what comes again is single messages: `recover: "run"` is refused at the start. */
const NO_LOG = {
  "redis group": "a group gives single messages again, not a run from its Start; the block refuses to start",
  "rabbitmq queue": "a queue gives single messages again, not a run from its Start; the block refuses to start",
} as const;
const NOT_SHARED = {
  "redis cursor": "a cursor is one reader's own: two readers both get everything",
  "rabbitmq stream": "a cursor is one reader's own: two readers both get everything",
} as const;

/** Everything that is done to a block between two queues of one broker. */
export const CASES: readonly FaultCase[] = [
  ...STAGES.map((at): FaultCase => ({ name: `kill -9, ${at}`, fault: { kind: "kill", at }, work: "pass" })),
  { name: "SIGTERM in a run", fault: { kind: "end" }, work: "pass", duplicates: 0 },
  { name: "broker killed and started again", fault: { kind: "broker" }, work: "pass" },
  { name: "connections cut", fault: { kind: "cut" }, work: "pass" },
  { name: "connections stalled for a second", fault: { kind: "stall", until: "a second" }, work: "pass" },
  { name: "answers lost", fault: { kind: "answers" }, work: "pass" },
  { name: "connections stalled until it is noticed", fault: { kind: "stall", until: "noticed" }, work: "pass" },
  {
    name: "consumer joins and leaves",
    fault: { kind: "consumer", goes: "by itself" },
    work: "pass",
    not: NOT_SHARED,
  },
  { name: "consumer joins and is killed", fault: { kind: "consumer", goes: "killed" }, work: "pass", not: NOT_SHARED },
  { name: "slow publisher", fault: { kind: "slow" }, work: "pass", duplicates: 0 },
  { name: "poison messages", fault: { kind: "poison" }, work: "pass", duplicates: 0 },
  { name: "dead-letter store full", fault: { kind: "full" }, work: "pass" },
  ...STAGES.map(
    (at): FaultCase => ({
      name: `recover run: kill -9, ${at}`,
      fault: { kind: "kill", at },
      work: "sums",
      not: NO_LOG,
    }),
  ),
  { name: "recover run: SIGTERM in a run", fault: { kind: "end" }, work: "sums", not: NO_LOG },
  { name: "recover run: broker killed and started again", fault: { kind: "broker" }, work: "sums", not: NO_LOG },
  { name: "recover run: connections cut", fault: { kind: "cut" }, work: "sums", not: NO_LOG },
];
