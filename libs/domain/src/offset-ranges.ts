/** Offsets from `from` up to, and without, `to`; never empty. Lists of them are sorted and do not overlap. */
export interface OffsetRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** Where a string of `0` and `1`, one for each offset from `from` on, has zeros. */
export function zerosOf(bits: string, from: bigint): readonly OffsetRange[] {
  const ranges: OffsetRange[] = [];
  for (let at = bits.indexOf('0'); at >= 0; ) {
    const one = bits.indexOf('1', at);
    const end = one < 0 ? bits.length : one;
    ranges.push({ from: from + BigInt(at), to: from + BigInt(end) });
    at = bits.indexOf('0', end);
  }
  return ranges;
}

/** The same offsets in as few ranges as there can be, whatever their order. */
export function joined(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
  const all: OffsetRange[] = [];
  for (const range of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = all.at(-1);
    if (last === undefined || range.from > last.to) all.push(range);
    else if (range.to > last.to) all[all.length - 1] = { from: last.from, to: range.to };
  }
  return all;
}

/** What of the ranges lies within `[from, to)`. */
export function within(ranges: readonly OffsetRange[], { from, to }: OffsetRange): readonly OffsetRange[] {
  return ranges.flatMap((range) => {
    const cut = { from: range.from > from ? range.from : from, to: range.to < to ? range.to : to };
    return cut.from < cut.to ? [cut] : [];
  });
}

/** What of the ranges is in none of the others. */
export function without(ranges: readonly OffsetRange[], others: readonly OffsetRange[]): readonly OffsetRange[] {
  return joined(others).reduce<readonly OffsetRange[]>(
    (left, { from, to }) =>
      left.flatMap((range) => {
        if (range.to <= from || range.from >= to) return [range];
        const [before, after] = [
          { from: range.from, to: from },
          { from: to, to: range.to },
        ];
        return [before, after].filter((part) => part.from < part.to);
      }),
    ranges,
  );
}

/** Ranges of single offsets, joined. */
export function rangesOf(offsets: readonly bigint[]): readonly OffsetRange[] {
  return joined(offsets.map((offset) => ({ from: offset, to: offset + 1n })));
}
