import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { generatedParts, withGeneratedPart } from '../../deploy/docs/generated-parts.js';
import {
  allPages,
  anchorsOf,
  linksOf,
  type Page,
  readPage,
  snippetsOf,
  tableRows,
  topFolder,
} from '../support/markdown.js';
import { sourceFiles } from './source-files.js';

describe('the pages people read', () => {
  const pages = allPages();

  it('lead nowhere that is not there', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([]);
    const planted = { path: 'docs/states.md', text: '# A\n[1](gone.md) [2](#b) [3](events.md#no-such) [4](#a)' };
    expect(brokenLinks(planted)).toHaveLength(3);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(topFolder, 'package.json'), 'utf8')) as { scripts: object };
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([a-z0-9:]+)/g)].map(([, name]) => name ?? ''),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('name only source files that exist', () => {
    const named = pages.flatMap(({ text }) => [
      ...text.matchAll(/(?:apps|libs|deploy|test)\/[\w./-]+\.(?:ts|yaml|proto)/g),
    ]);
    expect(named.map(([file]) => file).filter((file) => !existsSync(path.join(topFolder, file)))).toEqual([]);
  });

  it('have a name on every snippet, each once, so that none is left unrun by accident', () => {
    const names = pages
      .flatMap(snippetsOf)
      .map(({ page, language, name }) => (language === 'mermaid' ? 'mermaid' : name || page));
    const runnable = names.filter((name) => name !== 'mermaid');
    expect(runnable.filter((name) => name.endsWith('.md'))).toEqual([]);
    expect(new Set(runnable).size).toBe(runnable.length);
  });

  it('hold what the code says, in their generated parts', () => {
    for (const part of generatedParts) {
      const { text } = readPage(part.page);
      expect(withGeneratedPart(text, part), `${part.page} is out of date: npm run docs`).toBe(text);
    }
  });
});

describe('the README', () => {
  it('has its snippets in the order in which they can be followed', () => {
    const walk = ['own-environment', 'own-start', 'own-configuration', 'own-apply', 'verify-node', 'receiver'];
    const then = ['start-receiver', 'publish-cli', 'first-delivery', 'publish-kcat', 'publish-kafkajs', 'own-stop'];
    const steps = [...walk, ...then];
    const names = snippetsOf(readPage('README.md')).map(({ name }) => name);
    expect(names.filter((name) => steps.includes(name))).toEqual(steps);
  });
});

describe('docs/states.md', () => {
  const page = readPage('docs/states.md');

  it('has every failure reason, and no other', () => {
    expect(firstCells(page, 'Failure reasons')).toEqual(unionOf('libs/domain/src/attempt.ts', 'FailureReason'));
  });

  it('has every waiting reason, and no other', () => {
    const stored = unionOf('libs/audit/src/notifications.ts', 'WaitingReason');
    const documented = firstCells(page, 'What a pending notification waits for');
    expect(documented.filter((reason) => reason !== 'SENDING')).toEqual(stored);
    expect(documented).toContain('SENDING');
  });

  it('has every outcome, and no other', () => {
    const written = ['unknown'];
    const kinds = [...declarationOf('libs/domain/src/attempt.ts', 'AttemptOutcome').matchAll(/kind: '(\w+)'/g)];
    expect(firstCells(page, 'Outcomes of an attempt')).toEqual([...kinds.map(([, kind]) => kind), ...written]);
  });
});

describe('docs/events.md', () => {
  it('has every reason to park a record, and no other', () => {
    const rows = firstCells(readPage('docs/events.md'), 'What becomes of a record');
    const reasons = rows.filter((cell) => /^[A-Z0-9_]+$/.test(cell));
    expect(reasons).toEqual(unionOf('libs/domain/src/event.ts', 'ParkReason'));
  });
});

describe('docs/operators.md', () => {
  it('has every log line that is not debug, and no other', () => {
    const documented = firstCells(readPage('docs/operators.md'), 'Log lines').flatMap((cell) => cell.split(', '));
    const files = sourceFiles('apps', 'libs').filter((file) => !file.path.endsWith('.spec.ts'));
    const lines = files.flatMap(({ text }) => [...text.matchAll(/\b(?:info|warn|error)\(\s*'([a-z]+\.[a-zA-Z]+)'/g)]);
    const written = new Set(lines.map(([, event]) => event ?? '').filter((event) => !event.startsWith('nest.')));
    expect(documented.toSorted()).toEqual([...written].toSorted());
  });
});

describe('docs/receivers.md', () => {
  it('shows a signature that verifies', () => {
    const example = snippetsOf(readPage('docs/receivers.md')).find(({ name }) => name === 'signed-example')?.body ?? '';
    const field = (name: string) => new RegExp(`^${name} +(.+)$`, 'm').exec(example)?.[1] ?? '';
    const key = Buffer.from(field('secret').replace('whsec_', ''), 'base64');
    const signed = `${field('webhook-id')}.${field('timestamp')}.${field('body')}`;
    expect(field('signature')).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    const webhook = new Webhook(field('secret'));
    expect(webhook.sign(field('webhook-id'), new Date(Number(field('timestamp')) * 1_000), field('body'))).toBe(
      field('signature'),
    );
  });
});

function firstCells(page: Page, heading: string): readonly string[] {
  return tableRows(page, heading)
    .map(([first = '']) => first)
    .filter((cell) => cell !== '' && !/^-+$/.test(cell) && cell !== 'Reason');
}

function declarationOf(file: string, name: string): string {
  const text = readFileSync(path.join(topFolder, file), 'utf8');
  const found = new RegExp(`export type ${name} =([\\s\\S]*?);\\n(?=\\n|$)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`${file} declares no type ${name}`);
  return found;
}

/** The members of a union of string literals. */
function unionOf(file: string, name: string): readonly string[] {
  return [...declarationOf(file, name).matchAll(/'([A-Z0-9_]+)'/g)].map(([, member]) => member ?? '');
}

function brokenLinks(page: Page): readonly string[] {
  return linksOf(page).flatMap((target) => {
    if (/^https?:\/\//.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? page.path : path.posix.join(path.posix.dirname(page.path), file);
    if (!existsSync(path.join(topFolder, linked))) return [`${page.path}: ${target}`];
    const isThere = anchor === undefined || anchorsOf(linked === page.path ? page : readPage(linked)).includes(anchor);
    return isThere ? [] : [`${page.path}: ${target}`];
  });
}
