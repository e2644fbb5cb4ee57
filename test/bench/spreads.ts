import { type Spread, spreadOf } from './percentiles.js';

/** The same figures, each with the least, the middle and the largest of several rounds in its place; null stays null. */
export type SpreadsOf<T> = T extends number
  ? Spread
  : T extends null
    ? null
    : { readonly [Name in keyof T]: SpreadsOf<T[Name]> };

type Figures = number | null | { readonly [name: string]: Figures };
type Spreads = Spread | null | { readonly [name: string]: Spreads };

/** Of figures of one shape, one for each round. What one of the rounds has not is null. Throws without rounds. */
export function spreadsOf<T extends object>(rounds: readonly T[]): SpreadsOf<T> {
  return spreadsOfEach(rounds as readonly unknown[] as readonly Figures[]) as SpreadsOf<T>;
}

/** The middle of each. */
export function mediansOf<T extends object>(spreads: SpreadsOf<T>): T {
  return mediansOfEach(spreads as Spreads) as T;
}

function spreadsOfEach(rounds: readonly Figures[]): Spreads {
  const numbers = rounds.filter((figures) => typeof figures === 'number');
  if (numbers.length === rounds.length) return spreadOf(numbers);
  const groups = rounds.filter((figures) => typeof figures === 'object' && figures !== null);
  if (groups.length < rounds.length) return null;
  const names = Object.keys(groups[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, spreadsOfEach(groups.map((group) => group[name] ?? null))]));
}

function mediansOfEach(spreads: Spreads): Figures {
  if (spreads === null) return null;
  if (isSpread(spreads)) return spreads.median;
  return Object.fromEntries(Object.entries(spreads).map(([name, inner]) => [name, mediansOfEach(inner)]));
}

function isSpread(spreads: NonNullable<Spreads>): spreads is Spread {
  return typeof spreads['median'] === 'number';
}
