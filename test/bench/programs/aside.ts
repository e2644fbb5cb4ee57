/** The one endpoint that is looked at apart from the others. */
export interface Aside {
  /** `/e0`; null: none. */
  readonly path: string | null;
  /** Its requests are never answered; else they are, and are not counted. */
  readonly hangs: boolean;
}

export const noAside: Aside = { path: null, hangs: false };

/** Events of these numbers that the receiver counts: those of the endpoint aside, which is number 0, are not. */
export function countedOf(
  { from, count, endpoints }: { readonly from: number; readonly count: number; readonly endpoints: number },
  { path }: Aside,
): number {
  if (path === null) return count;
  const below = (n: number) => Math.ceil(n / endpoints);
  return count - (below(from + count) - below(from));
}
