import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Complaint, UserProject } from "./user-project.ts";

let project: UserProject;
beforeAll(() => {
  project = new UserProject();
  project.copy("test/types");
});
afterAll(() => project[Symbol.dispose]());

const right = ["test/types/keeps-the-page.ts", "test/types/right-pairings.ts", "test/types/wrong-pairings.ts"];

test("types - what was promised is there, and right pairings compile, for a strict user", () => {
  expect(project.compile(right)).toEqual([]);
});

test("types - they also compile for a user of a bundler with DOM types and without declared options being exact", () => {
  const changed = {
    exactOptionalPropertyTypes: false,
    module: "ESNext",
    moduleResolution: "bundler",
    lib: ["ES2023", "ESNext.Disposable", "DOM"],
  };
  const complaints = project.compile(right, changed);
  // An option that may be undefined may be left out: then a block of options from elsewhere may lack its operator.
  expect(complaints.filter(({ message }) => !message.includes("OptionsWithoutOperator"))).toEqual([]);
});

interface Case {
  readonly title: string;
  readonly line: number;
  readonly names: readonly string[];
}

const wrong = readFileSync(fileURLToPath(new URL("wrong-pairings.ts", import.meta.url)), "utf8");
const mark = "// @ts-expect-error -- ";
const lines = wrong.split("\n");
const cases: readonly Case[] = lines.flatMap((text, index) => {
  if (!text.startsWith(mark)) return [];
  const title = lines.slice(0, index).findLast((line) => /^\/\/ [A-Z]/.test(line)) ?? "";
  return [{ title: title.slice(3, -1), line: index + 2, names: text.slice(mark.length).split(" ") }];
});

describe("types - what does not fit does not compile, and the message names what differs", () => {
  let complaints: readonly Complaint[];
  beforeAll(() => {
    project.write("test/types/wrong.ts", wrong.replaceAll(mark, "// "));
    complaints = project.compile(["test/types/wrong.ts"]);
  });

  for (const { title, line, names } of cases) {
    test(title, () => {
      const end = lines.findIndex((text, index) => index >= line && text === "");
      const own = complaints.filter((complaint) => complaint.line >= line && complaint.line <= end);
      expect(own).toHaveLength(1);
      for (const name of names) expect(own[0]?.message).toContain(name);
    });
  }

  test("nothing else is wrong", () => {
    expect(complaints).toHaveLength(cases.length);
    expect(cases.length).toBeGreaterThan(20);
  });
});
