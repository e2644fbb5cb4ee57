import { ResourceFault } from '#registry/resource-fault';

/** Fields of a description by their name in the registry; undefined: not given. */
export type Described = Readonly<Record<string, unknown>>;

/**
 * The fields an update changes: those of the mask (snake case, `*` for all), or without a mask those that are given.
 * Throws ResourceFault invalid naming a path that cannot be changed.
 */
export function changedFields(
  mask: { readonly paths: readonly string[] } | null,
  fieldsOf: Readonly<Record<string, string>>,
  described: Described,
): Described {
  const paths = mask?.paths ?? [];
  const all = Object.values(fieldsOf);
  if (paths.length === 0) return pick(described, all, (field) => described[field] !== undefined);
  if (paths.length === 1 && paths[0] === '*') return pick(described, all, () => true);
  const unknown = paths.filter((path) => !Object.hasOwn(fieldsOf, path));
  if (unknown.length > 0) {
    const said = `${JSON.stringify(unknown[0]?.slice(0, 80))} is not one of ${Object.keys(fieldsOf).join(', ')}`;
    throw ResourceFault.invalid([{ field: 'updateMask', said }]);
  }
  return pick(
    described,
    paths.flatMap((path) => fieldsOf[path] ?? []),
    () => true,
  );
}

function pick(described: Described, fields: readonly string[], isChosen: (field: string) => boolean): Described {
  return Object.fromEntries(fields.filter(isChosen).map((field) => [field, described[field]]));
}
