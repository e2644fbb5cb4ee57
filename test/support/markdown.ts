import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One page that people read. */
export interface Page {
  /** From the repository's top, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block: ```` ```js verify-node ```` has the language `js` and the name `verify-node`. */
export interface Snippet {
  readonly page: string;
  readonly language: string;
  /** Empty when it has none. */
  readonly name: string;
  readonly body: string;
}

export const topFolder = path.resolve(import.meta.dirname, '../..');

const fencePattern = /^```(\S*)[ \t]*(\S*)\n([\s\S]*?)^```$/gm;

/** Reads one page of the repository. */
export function readPage(file: string): Page {
  return { path: file, text: readFileSync(path.join(topFolder, file), 'utf8') };
}

/** The README, the other pages at the top, and everything in docs. */
export function allPages(): readonly Page[] {
  const docs = readdirSync(path.join(topFolder, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...docs.map((file) => `docs/${file}`)].map(readPage);
}

/** Every fenced block of a page, in order. */
export function snippetsOf({ path: page, text }: Page): readonly Snippet[] {
  return [...text.matchAll(fencePattern)].map(([, language = '', name = '', body = '']) => ({
    page,
    language,
    name,
    body,
  }));
}

/** Where the links of a page lead, as written. */
export function linksOf({ text }: Page): readonly string[] {
  return [...withoutSnippets(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ text }: Page): readonly string[] {
  return [...withoutSnippets(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** The first cell of each row of the tables below a heading, without the back-quotes; header rows are left out. */
export function tableRows(page: Page, heading: string): readonly (readonly string[])[] {
  const [, section] = withoutSnippets(page.text).split(new RegExp(`^#+ ${heading}$`, 'm'));
  if (section === undefined) throw new Error(`${page.path} has no heading ${heading}`);
  const lines = (section.split(/^#/m)[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  const ruler = lines.findIndex((line) => /^\|(-+\|)+$/.test(line));
  return lines.slice(ruler + 1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

function withoutSnippets(text: string): string {
  return text.replace(fencePattern, '');
}
