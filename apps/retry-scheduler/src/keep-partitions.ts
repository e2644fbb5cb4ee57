import type { Log } from '#telemetry/log';

/** Days of table partitions that must exist ahead of now. */
export const daysAhead = 14;

/** Makes the table partitions of the next days. Running it twice, or on two schedulers at once, makes them once. */
export async function keepPartitions(deps: {
  readonly ensure: (daysAhead: number) => Promise<number>;
  readonly log: Log;
}): Promise<void> {
  const made = await deps.ensure(daysAhead);
  if (made > 0) deps.log.info('partitions.made', { made, daysAhead });
}
