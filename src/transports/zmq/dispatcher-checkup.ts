import type { Examination } from "../../checkup/finding.ts";
import { Report } from "../../checkup/report.ts";
import type { ZmqDispatcher } from "./dispatcher.ts";

/** Checks that a dispatcher answers. It is not asked for a stream, which it would have to make. */
export async function checkDispatcher({ url }: ZmqDispatcher, { signal, tell }: Examination): Promise<void> {
  const place = new URL(url);
  const report = new Report(`dispatcher ${place.protocol}//${place.host}`, tell);
  try {
    const response = await fetch(new URL("/", place), { signal, redirect: "manual" });
    await response.body?.cancel();
    report.ok(`answers (HTTP ${response.status}); which channels it has is seen when it is asked for them`);
  } catch (error) {
    if (signal.aborted) throw error;
    report.failed(error);
  }
}
