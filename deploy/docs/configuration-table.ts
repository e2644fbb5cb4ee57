import { z } from 'zod';

/** One app and the schema of its variables. */
export interface AppSchema {
  readonly app: string;
  readonly schema: z.ZodObject;
}

/** What JSON Schema says of one variable as it is given. */
interface GivenShape {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

interface Variable {
  readonly name: string;
  readonly field: z.ZodType;
  readonly shape: GivenShape;
  readonly isRequired: boolean;
  readonly apps: string[];
}

/** Every variable of every app, one row each, in the order of the schemas. */
export function configurationTable(apps: readonly AppSchema[]): string {
  const variables = new Map<string, Variable>();
  for (const { app, schema } of apps) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    for (const [name, shape] of Object.entries(json.properties ?? {})) {
      const field: unknown = schema.shape[name];
      if (!(field instanceof z.ZodType)) throw new TypeError(`${app}: ${name} is no field of a zod schema`);
      const isRequired = json.required?.includes(name) ?? false;
      const known = variables.get(name) ?? { name, field, shape: shape as GivenShape, isRequired, apps: [] };
      known.apps.push(app);
      variables.set(name, known);
    }
  }
  const rows = [...variables.values()].map((variable) => rowOf(variable, apps.length));
  return ['| Variable | Value | Default | Apps | Meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

function rowOf({ name, field, shape, isRequired, apps }: Variable, appCount: number): string {
  const isSecret = field.meta()?.['secret'] === true;
  const meaning = `${shape.description ?? ''}${isSecret ? `; secret, also as \`${name}_FILE\`` : ''}`;
  const where = apps.length === appCount ? 'all' : apps.join(', ');
  const cells = [
    `\`${name}\``,
    valuesAllowed(shape),
    isRequired ? '**required**' : defaultOf(field, shape),
    where,
    meaning,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<prefix>', '`TOPIC_PREFIX` + ')).join(' | ')} |`;
}

function valuesAllowed({ type, enum: values, minimum, maximum }: GivenShape): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(' ');
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return type === 'string' ? 'text' : (type ?? 'text');
}

/** As it would be written; a list is written with commas, a duration by the name it was given. */
function defaultOf(field: z.ZodType, shape: GivenShape): string {
  const value = shape.default ?? field.safeParse(undefined).data;
  if (value === undefined) return 'not set';
  if (!Array.isArray(value)) return `\`${String(value)}\``;
  const names = value.map((item: unknown) => (hasName(item) ? item.name : String(item)));
  return names.length === 0 ? 'empty' : `\`${names.join(',')}\``;
}

function hasName(item: unknown): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string';
}
