/** Years that are written with four digits. */
const [firstDayMs, endMs] = [Date.UTC(1000, 0), Date.UTC(10_000, 0)];

/**
 * A one-dimensional array as Postgres reads it (manual, 8.15.2); null where an element is of another kind than texts,
 * numbers, booleans and dates, and is the driver's to write. The driver searches every text twice to double what it hardly
 * ever holds, and joins all of them with `+=`: a tenth of what a process under load allocates.
 */
export function arrayLiteral(values: readonly unknown[]): string | null {
  const parts: string[] = [];
  for (const value of values) {
    const part = elementOf(value);
    if (part === null) return null;
    parts.push(part);
  }
  return `{${parts.join(',')}}`;
}

function elementOf(value: unknown): string | null {
  if (value === null || value === undefined) return 'NULL';
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return value instanceof Date && value.getTime() >= firstDayMs && value.getTime() < endMs
        ? `"${value.toISOString()}"`
        : null;
  }
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
