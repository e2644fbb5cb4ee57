import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One TypeScript file of the product. */
export interface SourceFile {
  /** From the repository's top, with slashes. */
  readonly path: string;
  readonly text: string;
}

const top = path.resolve(import.meta.dirname, '../..');

/** Every TypeScript file below the given folders, without declarations and generated code. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(top, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('generated'))
      .map((file) => ({
        path: path.join(folder, file).replaceAll('\\', '/'),
        text: readFileSync(path.join(top, folder, file), 'utf8'),
      })),
  );
}

/** What a file imports, as written. */
export function importsOf({ text }: Pick<SourceFile, 'text'>): readonly string[] {
  return [...text.matchAll(/(?:from|import)\s+'([^']+)'|import\('([^']+)'\)/g)].map(([, a, b]) => a ?? b ?? '');
}
