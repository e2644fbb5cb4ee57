import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** The columns of an entity as parallel arrays of one statement. */
export interface Unnest<T> {
  /** `id, tenant_id, ...` */
  readonly columns: string;
  /** What yields the rows as `new(id, tenant_id, ...)` from the parameters `$1` and following. */
  readonly from: string;
  /** In the order of `from`'s placeholders. */
  parameters(rows: readonly T[]): readonly unknown[];
}

const arrayTypes: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'timestamptz',
  'character varying': 'text',
};

/**
 * The `unnest` of some of an entity's columns from TypeORM's metadata, so that a hot statement and its entity cannot
 * drift apart. Built at the first call; before the data source was opened that call throws.
 */
export function unnestOf<T extends ObjectLiteral, K extends keyof T & string>(
  dataSource: DataSource,
  entity: EntityTarget<T>,
  properties: readonly K[],
): () => Unnest<Pick<T, K>> {
  let built: Unnest<Pick<T, K>> | null = null;
  return () => {
    built ??= buildUnnest(dataSource, entity, properties);
    return built;
  };
}

/** One column: what it is called, the types of its parameters, its expression over them, and their values. */
interface ColumnPlan<T> {
  readonly name: string;
  readonly arrays: readonly { readonly name: string; readonly type: string }[];
  /** `bytes`: the placeholder of `bytesOf`. */
  readonly expression: (bytes: string) => string;
  readonly bytesOf: ((rows: readonly T[]) => Buffer) | null;
  readonly arraysOf: (rows: readonly T[]) => readonly unknown[][];
}

function buildUnnest<T extends ObjectLiteral, K extends keyof T & string>(
  dataSource: DataSource,
  entity: EntityTarget<T>,
  properties: readonly K[],
): Unnest<Pick<T, K>> {
  const metadata = dataSource.getMetadata(entity);
  const plans = properties.map((property) => {
    const column = metadata.findColumnWithPropertyName(property);
    if (column === undefined) throw new TypeError(`${metadata.name} has no column ${property}`);
    const type = arrayTypes[String(column.type)] ?? String(column.type);
    const name = `"${column.databaseName}"`;
    const fieldOf = (row: Pick<T, K>): unknown => row[property];
    return type === 'bytea' ? packedColumn(name, fieldOf) : plainColumn(name, type, fieldOf);
  });
  let placeholders = 0;
  const place = (type: string) => `$${++placeholders}::${type}`;
  const arrays = plans.flatMap((plan) => plan.arrays).map(({ type }) => place(`${type}[]`));
  const arrayNames = plans.flatMap((plan) => plan.arrays).map(({ name }) => name);
  const expressions = plans.map(({ name, expression, bytesOf }) => {
    const text = expression(bytesOf === null ? '' : place('bytea'));
    return text === name ? name : `${text} AS ${name}`;
  });
  return {
    columns: plans.map(({ name }) => name).join(', '),
    from: `(SELECT ${expressions.join(', ')} FROM unnest(${arrays.join(', ')}) AS given(${arrayNames.join(', ')})) AS new`,
    parameters: (rows) => [
      ...plans.flatMap(({ arraysOf }) => arraysOf(rows)),
      ...plans.flatMap(({ bytesOf }) => (bytesOf === null ? [] : [bytesOf(rows)])),
    ],
  };
}

function plainColumn<T>(name: string, type: string, fieldOf: (row: T) => unknown): ColumnPlan<T> {
  return {
    name,
    arrays: [{ name, type }],
    expression: () => name,
    bytesOf: null,
    arraysOf: (rows) => [rows.map(fieldOf)],
  };
}

/**
 * Bytes of all rows in one parameter, which is sent as it is, with where each row's begin and how many there are: in an
 * array they would be text in hexadecimal digits, written, sent and read at twice the size.
 */
function packedColumn<T>(name: string, fieldOf: (row: T) => unknown): ColumnPlan<T> {
  const [at, length] = [name.replace(/"$/, '_at"'), name.replace(/"$/, '_length"')];
  const bytesOf = (row: T) => fieldOf(row) as Buffer | null;
  return {
    name,
    arrays: [at, length].map((part) => ({ name: part, type: 'integer' })),
    expression: (bytes) => `substring(${bytes} FROM ${at} FOR ${length})`,
    bytesOf: (rows) => Buffer.concat(rows.flatMap((row) => bytesOf(row) ?? [])),
    arraysOf: (rows) => {
      let next = 1;
      const places = rows.map((row) => {
        const from = next;
        next += bytesOf(row)?.length ?? 0;
        return from;
      });
      return [places, rows.map((row) => bytesOf(row)?.length ?? null)];
    },
  };
}
