/** What is waited for, and no longer than this. */
export interface UntilOptions {
  readonly what: string;
  readonly limitMs?: number;
  /** What is said beside it at the limit, for whoever looks for the reason. */
  readonly detail?: () => string | Promise<string>;
}

const lookMs = 25;
const defaultLimitMs = 30_000;

/** Resolves with the first value that is neither false, null nor undefined; rejects with what was awaited at the limit. */
export async function until<T>(
  look: () => T | Promise<T>,
  { what, limitMs = defaultLimitMs, detail = () => '' }: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const endMs = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < endMs) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    last = found;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  throw new Error(`${what}: not within ${limitMs} ms (last: ${JSON.stringify(last)})${await detail()}`);
}
