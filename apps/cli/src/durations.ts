const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `30s`, `500ms`, `2m`, `1h`; null when it is none of these. */
export function durationMs(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  return match === null ? null : Number(match[1]) * (unitsMs[match[2] ?? ''] ?? 0);
}
