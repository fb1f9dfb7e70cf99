import { randomUUID } from "node:crypto";
import type { Report } from "../../checkup/report.ts";
import { text } from "../../errors.ts";
import type { ExchangePlan } from "./declarations.ts";
import type { Link } from "./link.ts";

/** Checks that an exchange is there as it is to be, and that the user may use it. */
export async function checkExchange(
  link: Link,
  { name, declare }: ExchangePlan,
  role: "listener" | "publisher",
  report: Report,
): Promise<void> {
  if (!(await isThere(link, name))) {
    if (declare === undefined) {
      return report.error("there is no such exchange", "make it, or say how: exchange: { name, type }");
    }
    return report.ok(`is not there yet; it would be made, of type ${declare.type ?? "topic"}`);
  }
  if (declare !== undefined) {
    const { type = "topic", durable = true, autoDelete = false, alternateExchange } = declare;
    const options = { durable, autoDelete, ...(alternateExchange === undefined ? {} : { alternateExchange }) };
    const { channel } = await link.channel();
    try {
      // Of one that is there it only compares.
      await channel.assertExchange(name, type, options);
      await channel.close();
    } catch (error) {
      return report.failed(link.error(error), "amqp");
    }
  }
  await checkUse(link, name, role, report);
}

async function isThere(link: Link, name: string): Promise<boolean> {
  const { channel } = await link.channel();
  try {
    await channel.checkExchange(name);
    await channel.close();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 404) return false;
    throw error;
  }
}

/** Takes away a binding that there is not: for that one has to have the rights to write to and to read from it. */
async function checkUse(link: Link, name: string, role: "listener" | "publisher", report: Report): Promise<void> {
  const { channel } = await link.channel();
  try {
    await channel.unbindExchange(name, name, `arroyo.doctor.${randomUUID()}`);
    await channel.close();
    report.ok(`is there, and the user may ${role === "publisher" ? "write to" : "read from"} it`);
  } catch (error) {
    const said = text(error);
    if (!/ACCESS_REFUSED/.test(said)) throw error;
    const refused = /\b(read|write) access/.exec(said)?.[1];
    if (refused === (role === "publisher" ? "read" : "write")) {
      // Rights are looked at in turn, writing first.
      return report.ok(role === "publisher" ? "is there, and the user may write to it" : "is there");
    }
    report.warning(
      `is there, and the user may not ${refused ?? "both write to and read from"} it`,
      `rabbitmqctl set_permissions: ${role === "publisher" ? "write" : "read"} has to fit ${name}`,
    );
  }
}
