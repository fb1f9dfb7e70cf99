import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { type AdmissionRules, isSameSecret, refusalOf } from "../../../src/transports/websocket/admission.ts";

const RULES: AdmissionRules = { path: "/", token: undefined, origins: undefined };

function statusOf(rules: Partial<AdmissionRules>, headers: Record<string, string>, url = "/"): number | undefined {
  return refusalOf({ url, headers } as unknown as IncomingMessage, { ...RULES, ...rules })?.status;
}

test.each<[string, Partial<AdmissionRules>, Record<string, string>, number | undefined]>([
  ["no page at all", {}, { host: "x" }, undefined],
  ["a page of this computer", {}, { host: "127.0.0.1:8080", origin: "http://localhost:5173" }, undefined],
  ["a page of this computer, IPv6", {}, { host: "[::1]:8080", origin: "http://[::1]" }, undefined],
  ["a page of the same numeric address", {}, { host: "10.1.2.3:8080", origin: "http://10.1.2.3" }, undefined],
  ["a page of another numeric address", {}, { host: "10.1.2.3:8080", origin: "http://10.1.2.4" }, 403],
  ["a page of a name that leads here", {}, { host: "evil.example:8080", origin: "http://evil.example" }, 403],
  ["a page of this computer, which asks for another", {}, { host: "beam.example", origin: "http://localhost" }, 403],
  ["a file", {}, { host: "localhost", origin: "null" }, 403],
  ["no host", {}, { origin: "http://localhost" }, 403],
  ["a page that is named", { origins: ["https://view.example"] }, { origin: "https://view.example" }, undefined],
  ["a page that is not named", { origins: ["https://view.example"] }, { origin: "https://view.example.evil" }, 403],
  ["a page of this computer where others are named", { origins: ["https://a"] }, { origin: "http://localhost" }, 403],
  ["any page where all may come", { origins: ["*"] }, { origin: "https://any.example" }, undefined],
  ["any page with the token", { token: "t" }, { origin: "https://any.example", authorization: "Bearer t" }, undefined],
  ["any page without the token", { token: "t" }, { origin: "https://any.example" }, 401],
])("origin - %s", (_, rules, headers, status) => {
  expect(statusOf(rules, headers)).toBe(status);
});

test("token - every place of it is looked at, and none may be a part of it", () => {
  const token = "secret";
  const offered = (text: string): string => `arroyo.json, arroyo.token.${Buffer.from(text).toString("base64url")}`;
  expect(statusOf({ token }, { "sec-websocket-protocol": offered("secret") })).toBeUndefined();
  expect(statusOf({ token }, { "sec-websocket-protocol": offered("secre") })).toBe(401);
  expect(statusOf({ token }, {}, "/?token=secret")).toBeUndefined();
  expect(statusOf({ token }, {}, "/?token=secret2")).toBe(401);
  expect(statusOf({ token }, {}, "/?token=")).toBe(401);
  expect(statusOf({ token }, { authorization: "Bearer" })).toBe(401);
  expect(isSameSecret("", "secret")).toBe(false);
});

test.each(["//host/", "http://host/", "*", "", "/..//", "/%"])("address - %s is answered, not thrown", (url) => {
  expect(statusOf({ path: "/live" }, {}, url)).toBeGreaterThanOrEqual(400);
});
