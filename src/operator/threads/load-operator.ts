import { text, UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Operator } from "../operator.ts";

/** Is an operator's class, as a module exports it. */
export interface OperatorClass {
  new (options?: unknown): Operator<AnyMessage, AnyMessage>;
  readonly name: string;
  /** Makes one Stop of what the threads' operators gave back for a Stop. */
  readonly mergeStops?: unknown;
}

/** Loads a module and gives the operator's class that it exports: the one of that name, else the only one. */
export async function loadClass(module: string, name: string | undefined): Promise<OperatorClass> {
  const exported = await loaded(module);
  if (name !== undefined) return named(exported, module, name);
  const classes = Object.entries(exported).filter(([, value]) => isOperatorClass(value));
  const [first] = new Set(classes.map(([, value]) => value as OperatorClass));
  if (first === undefined) {
    throw new UsageError(
      `parallel: ${module} exports no operator, only ${listed(Object.keys(exported))}; export a class that extends ` +
        'Operator, imported from the same "arroyojs" as here',
    );
  }
  if (new Set(classes.map(([, value]) => value)).size > 1) {
    const names = classes.map(([one]) => one);
    throw new UsageError(`parallel: ${module} exports several operators: ${listed(names)}; say which one by export`);
  }
  return first;
}

/** Makes the operator of a class. */
export function madeOperator(
  type: OperatorClass,
  module: string,
  args: readonly unknown[],
): Operator<AnyMessage, AnyMessage> {
  const operator = new type(...args);
  const { process } = operator as { readonly process?: unknown };
  if (typeof process !== "function") {
    throw new UsageError(`parallel: ${type.name} of ${module} is abstract: it has no process; name a class that has`);
  }
  if (operator.mergesRuns) {
    throw new UsageError(
      `parallel: ${type.name} joins runs of several streams, which one thread alone can do; use it without parallel`,
    );
  }
  return operator;
}

async function loaded(module: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(module)) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`parallel: ${module} does not load: ${text(error)}`, { cause: error });
  }
}

function named(exported: Readonly<Record<string, unknown>>, module: string, name: string): OperatorClass {
  if (!Object.hasOwn(exported, name)) {
    throw new UsageError(`parallel: ${module} has no export "${name}"; there are: ${listed(Object.keys(exported))}`);
  }
  const value = exported[name];
  if (isOperatorClass(value)) return value;
  throw new UsageError(
    `parallel: the export "${name}" of ${module} is no operator; expected a class that extends Operator, imported from ` +
      'the same "arroyojs" as here',
  );
}

function isOperatorClass(value: unknown): value is OperatorClass {
  return typeof value === "function" && value.prototype instanceof Operator;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}
