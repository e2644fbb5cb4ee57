/** What is written to one partition at a time: what is fresh for others there waits behind no more of it than this. */
export const sliceRecords = 50;

/** Slices of what is for many partitions, in order: each has no more than `sliceRecords` of a partition. */
export function slicesOf<T extends { readonly partition: number }>(all: readonly T[]): readonly (readonly T[])[] {
  const slices: T[][] = [];
  const ofPartition = new Map<number, number>();
  for (const one of all) {
    const nth = ofPartition.get(one.partition) ?? 0;
    ofPartition.set(one.partition, nth + 1);
    const at = Math.floor(nth / sliceRecords);
    const slice = slices[at] ?? [];
    slices[at] = slice;
    slice.push(one);
  }
  return slices;
}

/** One of each in turn, while both last. */
export function inTurn<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  const length = Math.max(some.length, others.length);
  return Array.from({ length }, (_, n) => [...some.slice(n, n + 1), ...others.slice(n, n + 1)]).flat();
}
