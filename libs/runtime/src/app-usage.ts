import type { z } from 'zod';

/** An app and its variables. */
export interface AppProgram {
  readonly name: string;
  readonly schema: z.ZodObject;
}

/** What `--help` of an app prints: it takes no arguments, so this is its variables, each with what it means. */
export function appUsage({ name, schema }: AppProgram): string {
  const width = Math.max(...Object.keys(schema.shape).map((variable) => variable.length));
  const rows = Object.entries(schema.shape).map(([variable, field]) => {
    const { description = '' } = field as z.ZodType;
    return `  ${variable.padEnd(width)}  ${description.replaceAll('<prefix>', 'TOPIC_PREFIX + ')}`;
  });
  return [
    `${name} takes no arguments: it is configured by its environment.`,
    'docs/configuration.md has values and defaults; what is wrong is named at the start (exit code 2).',
    '',
    ...rows,
    '',
  ].join('\n');
}

/** What is to be done about an app's arguments; null when there are none, and it is to be started. */
export function answerToArguments(
  args: readonly string[],
  program: AppProgram,
): { readonly exitCode: 0 | 2; readonly said: string } | null {
  const [first] = args;
  if (first === undefined) return null;
  const usage = appUsage(program);
  if (first === '--help' || first === '-h') return { exitCode: 0, said: usage };
  return { exitCode: 2, said: `there is no argument ${JSON.stringify(first)}\n\n${usage}` };
}
