import type { Kafka } from "kafkajs";
import { PartitionRecords } from "./kafkajs-records.ts";
import { encodedProduce, type ProduceRequest } from "./produce-request.ts";

/** What of the library is not public, and needed: it copies each message nine times on its way to the socket. */
interface Cluster {
  findBroker?: (wanted: unknown) => Promise<Broker>;
}

interface Broker {
  lookupRequest?: Lookup;
}

type Lookup = (apiKey: number, definitions: unknown) => (request: Given) => Made;

interface Given extends ProduceRequest {
  readonly compression?: number;
  readonly transactionalId?: unknown;
}

interface Made {
  readonly request: { readonly apiKey: number; readonly apiVersion: number };
}

const CREATE_CLUSTER = "private:Kafka:createCluster";
const PRODUCE = 0;
/** The versions that have one form. */
const FIRST_VERSION = 3;
const LAST_VERSION = 8;

/** Has the requests to write of producers that are made from now on encoded here; where the library is another one, by it. */
export function encodeHere(kafka: Kafka): void {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  if (symbol === undefined) return;
  const insides = kafka as unknown as Record<symbol, unknown>;
  const create = insides[symbol];
  if (typeof create !== "function") return;
  insides[symbol] = (options: unknown): Cluster => {
    const cluster = create(options) as Cluster;
    const findBroker = cluster.findBroker?.bind(cluster);
    if (findBroker !== undefined) {
      cluster.findBroker = async (wanted) => {
        const broker = await findBroker(wanted);
        hook(broker);
        return broker;
      };
    }
    return cluster;
  };
}

const hooked = new WeakSet<Lookup>();

/** A broker looks up how a request is made; it has another table after each time that it connected. */
function hook(broker: Broker): void {
  const lookup = broker.lookupRequest;
  if (typeof lookup !== "function" || hooked.has(lookup)) return;
  const ours: Lookup = (apiKey, definitions) => {
    const make = lookup(apiKey, definitions);
    return apiKey === PRODUCE ? (given) => encodedHere(given, make(given)) : make;
  };
  hooked.add(ours);
  broker.lookupRequest = ours;
}

function encodedHere(given: Given, made: Made): Made {
  const { apiKey, apiVersion } = made.request;
  const isKnown = apiKey === PRODUCE && apiVersion >= FIRST_VERSION && apiVersion <= LAST_VERSION;
  const isPlain = (given.compression ?? 0) === 0 && (given.transactionalId ?? null) === null;
  const areOurs = given.topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages instanceof PartitionRecords),
  );
  if (!isKnown || !isPlain || !areOurs) return made;
  const encode = async (): Promise<{ buf: Buffer; buffer: Buffer }> => {
    const bytes = encodedProduce(given);
    return { buf: bytes, buffer: bytes };
  };
  return { ...made, request: { ...made.request, encode } as Made["request"] };
}
