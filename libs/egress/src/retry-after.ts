/**
 * What Retry-After asks for (RFC 9110, 10.2.3), in milliseconds from now: seconds, or an HTTP date, which is read
 * against the answer's own Date so that a wrong clock there does no harm. Null when absent or unreadable; a number without
 * bounds is one (`delay-seconds = 1*DIGIT`), and asks for as long as a number can say: who uses it has a bound.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const atMs = httpDateMs(text);
  if (atMs === null) return null;
  return Math.max(0, atMs - (httpDateMs(headers['date'] ?? '') ?? nowMs));
}

/** The three forms of RFC 9110, 5.6.7 begin with the name of a day; other texts a parser might take are no dates. */
function httpDateMs(text: string): number | null {
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
