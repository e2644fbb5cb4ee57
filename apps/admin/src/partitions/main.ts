import { z } from 'zod';
import { countDefaultRows } from '#audit/default-rows';
import { oldRowsOf } from '#audit/old-rows';
import { judgePartitions } from '#audit/retention';
import { createDataSource, databaseTrouble } from '#postgres/data-source';
import { readConfig } from '#runtime/config';
import { databasePart, receiptsPart, retentionPart } from '#runtime/config-parts';
import { oldRowRetentionOf, retentionOf } from '#runtime/config-values';
import { retentionRelations } from '#runtime/retention-relations';
import { runCommand, serverAnswers, serverWaitMsMax } from '#runtime/run-command';
import { partitionsJson, partitionsReport } from './partitions-report.js';

const usage = `Lists the table partitions of notifications, their payloads and attempts: rows (Postgres' estimate), bytes, and which of
them the retry-scheduler would drop with these retentions, or what keeps them; and of the tables beside them how many rows it
would remove. Changes nothing.

  npm run partitions [-- --json]

  --json   prints the list as JSON: partitions, defaultRows, oldRows
  --help   prints this

Reads DATABASE_URL (or DATABASE_URL_FILE), PAYLOAD_RETENTION, NOTIFICATION_RETENTION, PARKED_RETENTION, UNMATCHED_RETENTION,
OPERATOR_LOG_RETENTION, DEDUPE_WINDOW.
Exit: 0 listed, 1 Postgres refuses, or does not answer within ${serverWaitMsMax / 1_000} s, 2 wrong options or configuration.
`;
const options = { json: { type: 'boolean', default: false } } as const;

await runCommand({ options, usage }, async (flags) => {
  const schema = z.object({ ...databasePart, ...receiptsPart, ...retentionPart }).superRefine(retentionRelations);
  const config = readConfig(schema, process.env);
  const { DATABASE_URL: url } = config;
  await serverAnswers({ server: `Postgres at ${new URL(url()).host}`, trouble: () => databaseTrouble(url) });
  const dataSource = createDataSource({ url, poolMax: 1, applicationName: 'hookline.partitions' });
  await dataSource.initialize();
  try {
    const judged = await judgePartitions(dataSource, retentionOf(config), { withBytes: true });
    const oldRows = [];
    for (const { table, keptMs, count } of oldRowsOf(dataSource, oldRowRetentionOf(config)))
      oldRows.push({ table, keptMs, rows: await count() });
    const report = { judged, defaultRows: await countDefaultRows(dataSource), oldRows };
    process.stdout.write(flags.json ? partitionsJson(report) : partitionsReport(report));
    return 0;
  } finally {
    await dataSource.destroy();
  }
});
