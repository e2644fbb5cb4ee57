import { describe, expect, it } from 'vitest';
import { importsOf, type SourceFile, sourceFiles } from './source-files.js';

/** Which libraries a library may import; an app may import every library and no app. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  telemetry: [],
  contracts: ['domain'],
  kafka: ['domain', 'telemetry'],
  postgres: ['domain', 'telemetry'],
  audit: ['contracts', 'domain', 'postgres', 'telemetry'],
  registry: ['domain', 'postgres', 'telemetry'],
  templating: ['domain'],
  egress: ['domain', 'telemetry'],
  runtime: ['contracts', 'domain', 'telemetry'],
};

/** One package, one home: who else imports it breaks the rule. */
const homes: readonly (readonly [RegExp, RegExp])[] = [
  [/^kafkajs(\/|$)/, /^libs\/kafka\/src\/kafkajs\//],
  [/^typeorm$/, /^libs\/(postgres|audit|registry)\//],
  [/^pg$/, /^libs\/postgres\//],
  [/^@opentelemetry\//, /^libs\/telemetry\//],
  [/^nunjucks(\/|$)/, /^libs\/templating\//],
  [/^undici$/, /^libs\/egress\//],
  [/^@nestjs\//, /(\/main\.ts|\.module\.ts|\.controller\.ts|^libs\/kafka\/src\/log-server\.ts)$/],
];

describe('imports', () => {
  it('follow the dependency rule', () => {
    expect(sourceFiles('apps', 'libs').flatMap(violations)).toEqual([]);
  });

  it('would be caught if they did not', () => {
    const planted: readonly SourceFile[] = [
      { path: 'libs/domain/src/a.ts', text: "import { x } from '#kafka/x';" },
      { path: 'apps/renderer/src/a.ts', text: "import { x } from '../../dispatcher/src/x.js';" },
      { path: 'apps/renderer/src/b.ts', text: "import { Kafka } from 'kafkajs';" },
      { path: 'libs/kafka/src/partition-engine.ts', text: "import { Kafka } from 'kafkajs';" },
      { path: 'libs/audit/src/c.ts', text: "import { Injectable } from '@nestjs/common';" },
      { path: 'libs/audit/src/d.ts', text: "const x = await import('undici');" },
    ];
    expect(planted.map((file) => violations(file).length)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

function violations(file: SourceFile): readonly string[] {
  return importsOf(file).flatMap((specifier) =>
    isAllowed(file.path, specifier) ? [] : [`${file.path} imports ${specifier}`],
  );
}

function isAllowed(file: string, specifier: string): boolean {
  if (file.endsWith('.spec.ts')) return true;
  const home = homes.find(([name]) => name.test(specifier));
  if (home !== undefined) return home[1].test(file);
  if (specifier.startsWith('../')) return false;
  const library = /^#(\w+)\//.exec(specifier)?.[1];
  const owner = /^libs\/([^/]+)\//.exec(file)?.[1];
  return (
    library === undefined || owner === undefined || library === owner || (allowed[owner]?.includes(library) ?? false)
  );
}
