import { dirname, join } from "node:path";
import { filesBelow, fileText } from "./programs.ts";

/** A fenced block of a document, with what stands behind its first three backticks. */
export interface Fence {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  /** The file that the block quotes, or whose output it shows. */
  readonly path: string | undefined;
  readonly text: string;
}

/** All pages. */
export const DOCS: readonly string[] = ["README.md", ...filesBelow("docs", ".md")];
/** Where each piece of TypeScript is quoted from a program that runs. */
export const QUOTING: readonly string[] = [
  "README.md",
  ...["tutorial", "guarantees", "operators", "blocks", "transports", "testing"].map((name) => `docs/${name}.md`),
];
/** All fenced blocks of all pages. */
export const FENCES: readonly Fence[] = DOCS.flatMap(fencesOf);

/** Says where a block begins. */
export function nameOf({ file, line }: Fence): string {
  return `${file}:${line}`;
}

function fencesOf(file: string): Fence[] {
  const fences: Fence[] = [];
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined;
  for (const [index, text] of fileText(file).split("\n").entries()) {
    if (!text.startsWith("```")) open?.lines.push(text);
    else if (open === undefined) open = { line: index + 1, info: text.slice(3).trim(), lines: [] };
    else {
      const [language = "", path] = open.info.split(" ");
      fences.push({ file, line: open.line, language, path, text: open.lines.join("\n") });
      open = undefined;
    }
  }
  return fences;
}

/** Is a link of a document to a file or a heading. */
export interface Link {
  /** Relative to the document; empty for the document itself. */
  readonly path: string;
  readonly heading: string;
}

/** Gives the links of a document that lead to files or headings. */
export function linksOf(file: string): Link[] {
  return [...fileText(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = "", heading = ""] = link.split("#");
      return { path, heading };
    });
}

/** Tells whether a document has a heading, by the name that a link gives it. */
export function hasHeading(file: string, path: string, heading: string): boolean {
  if (heading === "") return true;
  const text = fileText(path === "" ? file : join(dirname(file), path));
  const names = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  return names.includes(heading);
}
