import type { MessagePort } from "node:worker_threads";
import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Stop } from "../../message/stop.ts";
import { Operator } from "../operator.ts";
import { errorForm } from "./error-form.ts";
import { loadClass, madeOperator, type OperatorClass } from "./load-operator.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";
import { ThreadCalls } from "./thread-calls.ts";

type AnyOperator = Operator<AnyMessage, AnyMessage>;

/** Makes the operator of a thread, and does what the other side of the port asks until it says close. */
export async function serve(port: MessagePort, data: ThreadData): Promise<void> {
  const tell = (reply: Reply, moved: readonly ArrayBuffer[] = []): void => port.postMessage(reply, [...moved]);
  const life = new AbortController();
  let operator: AnyOperator;
  let type: OperatorClass;
  try {
    type = await loadClass(data.module, data.export);
    operator = madeOperator(type, data.module, data.hasOptions ? [data.options] : []);
    Operator.host(operator, NO_HOST);
    await operator.open(life.signal);
  } catch (error) {
    tell({ type: "unready", error: errorForm(error) });
    port.close();
    return;
  }
  const merge = type.mergeStops;
  const calls = new ThreadCalls({
    operator,
    tell,
    merge: typeof merge === "function" ? (stops) => merge.call(type, stops) as Stop : undefined,
  });
  const close = async (): Promise<void> => {
    life.abort();
    calls.abortAll();
    try {
      await operator.close();
      tell({ type: "closed", error: undefined });
    } catch (error) {
      tell({ type: "closed", error: errorForm(error) });
    }
    port.close();
  };
  port.on("message", (request: Request) => {
    if (request.type === "work") calls.add(request);
    else if (request.type === "abort") calls.abort(request.id);
    else if (request.type === "leave") calls.leave(request.run, request.stream);
    else void close();
  });
  tell({
    type: "ready",
    name: type.name,
    mergesRuns: operator.mergesRuns,
    mergesStops: typeof merge === "function",
  });
}

const refused = (method: string) => (): Promise<never> =>
  Promise.reject(
    new UsageError(`${method}: an operator in a thread cannot change its block; do it where the block is made`),
  );

const NO_HOST = Object.freeze({
  addListener: refused("addListener"),
  removeListener: refused("removeListener"),
  addPublisher: refused("addPublisher"),
  removePublisher: refused("removePublisher"),
  warn: (message: string) => process.emitWarning(message),
});
