import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DataSource } from '#postgres/data-source';
import { cliFile } from './apply-configuration.js';

/** What a demo that stays up prints when all is settled. */
export interface ThreeCommands {
  readonly envFile: string;
  readonly commands: readonly string[];
}

/** Commands that work as they stand, from any folder: a notification that ran out of attempts is explained, then re-sent. */
export async function threeCommands(
  store: DataSource,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<ThreeCommands> {
  const envFile = path.join(folder, 'env.sh');
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  const program = `${quoted(process.execPath)} ${quoted(cliFile)}`;
  writeFileSync(envFile, `${exports.join('')}hookline() { ${program} "$@"; }\n`);
  const id = await instructiveNotification(store);
  const hookline = 'hookline notifications';
  return {
    envFile,
    commands: [
      `${hookline} list --state failed`,
      `${hookline} attempts ${id}`,
      `${hookline} resend ${id} --request-id try-1`,
    ],
  };
}

/** One whose attempts are used up, which a re-send cures; else the one with the most attempts. */
async function instructiveNotification(store: DataSource): Promise<string> {
  const rows: readonly { readonly id: string }[] = await store.query(
    `SELECT id FROM v1_notifications WHERE payload_sha256 IS NOT NULL AND attempt_count > 0
      ORDER BY (failure_reason = 'EXHAUSTED') DESC NULLS LAST, attempt_count DESC, id LIMIT 1`,
  );
  return rows[0]?.id ?? '(no notification has had an attempt)';
}

/** As a POSIX shell reads it back. */
export function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
