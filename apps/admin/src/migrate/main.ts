import { z } from 'zod';
import { databaseTrouble, migrate } from '#postgres/data-source';
import { readConfig } from '#runtime/config';
import { databasePart } from '#runtime/config-parts';
import { runCommand, serverAnswers, serverWaitMsMax } from '#runtime/run-command';

const usage = `Brings the database to this version's schema. Running it again, or twice at once, changes nothing.

  npm run migrate [-- --json]

  --json   prints the names of what ran as JSON
  --help   prints this

Reads DATABASE_URL (or DATABASE_URL_FILE).
Exit: 0 the schema is there, 1 it could not be made, or Postgres does not answer within ${serverWaitMsMax / 1_000} s, 2 wrong options or
configuration.
`;
const options = { json: { type: 'boolean', default: false } } as const;

await runCommand({ options, usage }, async (flags) => {
  const { DATABASE_URL: url } = readConfig(z.object(databasePart), process.env);
  await serverAnswers({ server: `Postgres at ${new URL(url()).host}`, trouble: () => databaseTrouble(url) });
  const ran = await migrate(url);
  const said = ran.length === 0 ? 'nothing to migrate\n' : ran.map((name) => `migrated ${name}\n`).join('');
  process.stdout.write(flags.json ? `${JSON.stringify({ ran })}\n` : said);
  return 0;
});
