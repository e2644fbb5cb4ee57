import { afterEach, describe, expect, inject, it } from 'vitest';
import { systemClock } from '#domain/clock';
import { createDataSource } from '#postgres/data-source';
import { patientBatch } from '#postgres/patient-batch';
import { createLog } from '#telemetry/log';

describe('a DATABASE_URL that is renewed with a password that is not escaped', () => {
  const open: { destroy(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0)) await one.destroy();
  });

  it('gives up no row: the URL before stays in use', async () => {
    const good = inject('postgresUrl');
    let url = good;
    const settings = { url: () => url, poolMax: 1, applicationName: 'hookline.test' };
    const dataSource = createDataSource(settings);
    await dataSource.initialize();
    open.push(dataSource);
    const [own] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    url = 'postgres://any:pa/ss@127.0.0.1/any';
    const operator = createDataSource({ url: good, poolMax: 1, applicationName: 'operator' });
    await operator.initialize();
    open.push(operator);
    await operator.query('SELECT pg_terminate_backend($1)', [own?.pid]);
    const log = createLog({ app: 'test', level: 'error' });
    const deps = { clock: systemClock, log, signal: AbortSignal.timeout(10_000) };
    const statement = (items: readonly number[]) => dataSource.query<number[]>('SELECT $1::int AS n', [items[0]]);
    expect(await patientBatch([7], statement, deps)).toEqual([{ n: 7 }]);
  });
});
