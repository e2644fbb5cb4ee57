const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof unitsMs;

/** Longest unit first. A day is 24h, two are 2d: schedules are written in hours up to there. */
const units: readonly (readonly [unit: Unit, leastMs: number])[] = [
  ['d', 2 * unitsMs.d],
  ['h', unitsMs.h],
  ['m', unitsMs.m],
  ['s', unitsMs.s],
];

/** A duration `<int>(ms|s|m|h|d)` above zero in milliseconds; null when the text is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * unitsMs[match[2] as Unit];
  return ms > 0 ? ms : null;
}

/** The shortest text that says the same: 300,000 is 5m. */
export function durationText(ms: number): string {
  const [unit] = units.find(([one, leastMs]) => ms % unitsMs[one] === 0 && ms >= leastMs) ?? ['ms' as const];
  return `${ms / unitsMs[unit]}${unit}`;
}
