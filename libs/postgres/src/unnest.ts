import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** The columns of an entity as parallel arrays of one statement. */
export interface Unnest<T> {
  /** `id, tenant_id, ...` */
  readonly columns: string;
  /** `unnest($1::uuid[], $2::text[], ...) AS new(id, tenant_id, ...)` */
  readonly from: string;
  /** One array for each column, in the order of `columns`. */
  parameters(rows: readonly T[]): readonly unknown[][];
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

function buildUnnest<T extends ObjectLiteral, K extends keyof T & string>(
  dataSource: DataSource,
  entity: EntityTarget<T>,
  properties: readonly K[],
): Unnest<Pick<T, K>> {
  const metadata = dataSource.getMetadata(entity);
  const columns = properties.map((property) => {
    const column = metadata.findColumnWithPropertyName(property);
    if (column === undefined) throw new TypeError(`${metadata.name} has no column ${property}`);
    return { name: `"${column.databaseName}"`, type: arrayTypes[String(column.type)] ?? String(column.type) };
  });
  const names = columns.map(({ name }) => name).join(', ');
  const arrays = columns.map(({ type }, i) => `$${i + 1}::${type}[]`).join(', ');
  return {
    columns: names,
    from: `unnest(${arrays}) AS new(${names})`,
    parameters: (rows) => properties.map((property) => rows.map((row) => row[property])),
  };
}
