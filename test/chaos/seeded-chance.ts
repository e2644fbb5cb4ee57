import { createHash } from 'node:crypto';

const range = 2 ** 32;

/** Numbers in [0, 1), always the same for the same seed (mulberry32). */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / range;
  };
}

/** One number in [0, 1) that follows from a text alone. */
export function chanceOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / range;
}

/** A whole number from `least` to `most`. */
export function between(chance: () => number, [least, most]: readonly [number, number]): number {
  return least + Math.floor(chance() * (most - least + 1));
}

/** The same things in another order (Fisher-Yates). */
export function shuffled<T>(things: readonly T[], chance: () => number): readonly T[] {
  const all = [...things];
  for (let i = all.length - 1; i > 0; i--) {
    const j = between(chance, [0, i]);
    const [a, b] = [all[i], all[j]];
    if (a !== undefined && b !== undefined) [all[i], all[j]] = [b, a];
  }
  return all;
}
