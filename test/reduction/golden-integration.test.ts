import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EACH, use } from "./both-kernels.ts";
import { expectIntegrated, type Integrated } from "./golden-cases.ts";
import { COLUMNS, ROWS } from "./seeded-frames.ts";

const file = new URL("../vectors/reduction/integration.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Integrated[] };

describe.each(EACH)("integration, %s", (_name, kernels) => {
  test.each(cases.map((one, index) => [index, one] as const))("golden curves - case %i is that of pyFAI", (_, one) => {
    use(kernels);
    expectIntegrated(one, { base: 0, wide: false });
  });
});

test("golden curves - cover every type and both ways of splitting", () => {
  expect(ROWS * COLUMNS).toBe(3072);
  expect(new Set(cases.map(({ dtype, split }) => `${dtype} ${split}`)).size).toBe(20);
});
