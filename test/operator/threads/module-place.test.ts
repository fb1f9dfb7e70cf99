import { MissingPackageError } from "arroyojs";
import { describe, expect, test } from "vitest";
import { moduleUrl, placeOf } from "../../../src/operator/threads/module-place.ts";
import { moduleOf } from "./module-of.ts";

describe("the place of a module", () => {
  test("tsx - is found, and what a thread imports of it is there", async () => {
    const { loader, entry } = placeOf(moduleOf("one.ts"));
    expect(await import(loader as string)).toHaveProperty("register");
    expect(entry).toMatch(/thread-entry\.ts$/);
  });

  test("tsx - missing, the error names the command that installs it", () => {
    const absent = (file: string): never => {
      throw Object.assign(new Error(`Cannot find module 'tsx/package.json' from ${file}`), {
        code: "MODULE_NOT_FOUND",
      });
    };
    const place = () => placeOf(moduleOf("one.ts"), absent);
    expect(place).toThrow(MissingPackageError);
    expect(place).toThrow(/one\.ts is TypeScript: the package "tsx" is not installed; run: npm install tsx$/);
  });

  test("names - a path is a file, and a protocol is looked at", () => {
    expect(() => moduleUrl("node:fs")).toThrow("the module must be a file, got node:");
    expect(moduleUrl("/a b/c.ts").href).toBe("file:///a%20b/c.ts");
  });
});
