const timePattern = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Reads an RFC 3339 timestamp with 0 to 9 fraction digits as milliseconds since the epoch, floored; negative before 1970; null if it is none. */
export function eventTimeMs(text: string): number | null {
  const match = timePattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0);
  const midnightMs = midnight.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDay = midnight.getUTCMonth() === Number(month) - 1 && midnight.getUTCDate() === Number(day);
  // :60 is a leap second (RFC 3339, 5.7); it counts as the first of the next minute.
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const utcMs = midnightMs + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000;
  return utcMs + Number(fraction.padEnd(3, '0').slice(0, 3)) - zoneOffsetMs(zone);
}

function zoneOffsetMs(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
