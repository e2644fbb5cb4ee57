import { waitUntil } from './arrivals.js';
import { pause } from './bench-clock.js';
import { emptyDatabase } from './bench-database.js';
import type { BenchStage } from './bench-stage.js';
import { noAside } from './programs/aside.js';

/** Longer than a request may hang. */
const cutOffMsMax = 30_000;
/** Every dispatcher looks at the stored circuits within this, milliseconds. */
const seenMs = 2_500;
const looksMax = 6;

/**
 * Makes an endpoint that hung one like the others again: what hangs is cut off, what was left of it is forgotten, and its
 * circuit is closed. Else the next round's reference would do without it as well.
 */
export async function settleAside({ receiver, database, run }: BenchStage): Promise<void> {
  const { store } = database;
  await receiver.call('expect', { from: 0, count: 0, timed: false, aside: noAside });
  const count = async (table: 'claims' | 'endpoint_circuits') => {
    const [row] = await store.query<readonly { readonly n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
    return row?.n ?? 0;
  };
  const isCutOff = async () => (await count('claims')) === 0;
  // Its retries go on: emptied tables end them.
  await emptyDatabase(database);
  await waitUntil(isCutOff, cutOffMsMax, run.signal);
  for (let look = 0; look < looksMax; look++) {
    await pause(seenMs, run.signal);
    if ((await count('endpoint_circuits')) === 0) return;
    await store.query('DELETE FROM endpoint_circuits');
  }
  run.say('the circuit of the endpoint that hung did not stay closed');
}
