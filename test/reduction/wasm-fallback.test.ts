import { expect, test, vi } from "vitest";

test.each([
  ["1", "javascript"],
  ["", "wasm"],
])("kernels - with ARROYO_NO_WASM=%j they are those of %s", async (value, name) => {
  vi.stubEnv("ARROYO_NO_WASM", value);
  vi.resetModules();
  const { kernels } = await import("../../src/reduction/chosen-kernels.ts");
  expect(kernels().name).toBe(name);
  expect(kernels()).toBe(kernels());
});
