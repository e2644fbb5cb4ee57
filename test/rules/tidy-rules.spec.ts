import { readFileSync, statSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles } from './source-files.js';

const fileLinesMax = 300;
const functionLinesMax = 60;
const parametersMax = 4;

/** What must not stand in product code, where it may stand, and how the rule is called. */
const forbidden: readonly { readonly pattern: RegExp; readonly except: RegExp; readonly rule: string }[] = [
  { pattern: /process\.env/, except: /\/main\.ts$|^deploy\//, rule: 'the environment is read in main.ts' },
  { pattern: /\bconsole\./, except: /^apps\/cli\/|^deploy\//, rule: 'no console' },
  {
    pattern: /\bDate\.now\(|\bMath\.random\(/,
    except: /\/clock\.ts$/,
    rule: 'time and chance are passed in',
  },
  { pattern: /\bas any\b|<any>|\w\)?\??: any\b/, except: /^$/, rule: 'no any' },
  { pattern: /\bTODO\b|\bFIXME\b/, except: /^$/, rule: 'no open ends' },
  { pattern: /^(export )?(const )?enum /m, except: /^$/, rule: 'no enum' },
  { pattern: /^export default /m, except: /^$/, rule: 'no default export' },
  { pattern: /forwardRef|@Global\(/, except: /^$/, rule: 'no hidden wiring' },
  { pattern: /catch \{\s*\}|catch \(\w+\) \{\s*\}/, except: /^$/, rule: 'no empty catch' },
];

describe('product code', () => {
  const files = sourceFiles('apps', 'libs', 'deploy', 'test/bench', 'test/chaos', 'test/soak').filter(
    ({ path }) => !path.endsWith('.spec.ts'),
  );

  it('keeps the laws a program can see', () => {
    expect(files.flatMap(faultsOf)).toEqual([]);
  });

  it('would be caught if it did not', () => {
    const long = `export function f() {\n${'  g();\n'.repeat(functionLinesMax)}}\n`;
    const planted = [
      'const x = process.env.A;',
      'let a: any;',
      'try { f(); } catch {}',
      long,
      'function f(a, b, c, d, e) {}',
    ];
    for (const text of planted) expect(faultsOf({ path: 'libs/domain/src/planted.ts', text }), text).toHaveLength(1);
    expect(faultsOf({ path: 'libs/domain/src/utils.ts', text: '' })).toHaveLength(1);
  });

  it('has its command line in a file that is committed and executable, so that npm can link it before a build', () => {
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Readonly<Record<string, string>> };
    expect(Object.values(bin).filter((file) => file.startsWith('dist/'))).toEqual([]);
    expect(Object.values(bin).map((file) => (statSync(file).mode & 0o111).toString(8))).toEqual(['111']);
  });

  it('tells the path in five files of together at most 600 lines', () => {
    const path = ['render-event', 'dispatch-notification', 'send-attempt', 'release-due-retries', 'sweep-overdue'];
    const lines = path.map(
      (name) =>
        files
          .find((file) => file.path.endsWith(`/${name}.ts`))
          ?.text.trimEnd()
          .split('\n').length,
    );
    expect(lines).not.toContain(undefined);
    expect(lines.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBeLessThanOrEqual(600);
  });
});

function faultsOf(file: SourceFile): readonly string[] {
  const { path, text } = file;
  const said = forbidden
    .filter(({ pattern, except }) => pattern.test(text) && !except.test(path))
    .map(({ rule }) => rule);
  if (/(^|\/)(index|utils?|helpers?|common|misc|base|manager)\.ts$/.test(path)) said.push('a name that means nothing');
  if (text.split('\n').length > fileLinesMax + 1 && !path.includes('/migrations/'))
    said.push('a file that is too long');
  return [...said.map((rule) => `${path}: ${rule}`), ...functionFaults(file)];
}

function functionFaults({ path, text }: SourceFile): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults: string[] = [];
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
      const where = `${path}:${lineOf(node.getStart())}`;
      if (lines > functionLinesMax) faults.push(`${where}: a function of ${lines} lines`);
      const isConstructor = ts.isConstructorDeclaration(node);
      if (node.parameters.length > parametersMax && !isConstructor)
        faults.push(`${where}: ${node.parameters.length} parameters`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}
