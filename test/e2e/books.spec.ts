import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminClient, refusal } from '../support/admin-client.js';
import { anEvent } from '../support/builders.js';
import { aSecret, wire } from '../support/configure.js';
import { Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const events = 30;

interface Books {
  readonly ok: boolean;
  readonly stale: boolean;
  readonly partitions: readonly Readonly<Record<string, number>>[];
  readonly notifications: Readonly<Record<string, number>> | null;
  readonly differences: readonly Readonly<Record<string, unknown>>[];
}

/** The whole pipeline, whose books somebody damages. */
describe('hookline books', () => {
  let stack: Stack;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    stack = await Stack.start(['renderer', 'dispatcher', 'retry-scheduler', 'admin'], { BOOKS_INTERVAL_MS: '500' });
    const secret = aSecret();
    const url = receiver.on('/all', secret);
    await wire(stack, [{ id: 'all', tenant: 'acme', url, secret, eventTypes: ['loan.*'] }]);
    await stack.produce(Array.from({ length: events }, () => anEvent({ tenant: 'acme' })));
    await until(() => receiver.requests.length >= events, { what: 'all are sent' });
  }, 90_000);

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  function hookline(...words: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
    const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', 'books', ...words], {
      env: { HOOKLINE_ADDR: stack.adminAddress, HOOKLINE_KEY: stack.adminKey },
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out += String(chunk)));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out }));
    });
  }

  /** Of the events topic alone: what operators were told has pages of its own, in the same partitions. */
  function setBit(partition: number, offset: number, bit: 0 | 1): Promise<unknown> {
    return stack.database.query(
      'UPDATE books SET matched = set_bit(matched, $3, $4) WHERE topic = $1 AND partition = $2 AND page = 0',
      [stack.eventsTopic, partition, offset, bit],
    );
  }

  /** Resolves with the books once they are as they should be. */
  function booksWhen(what: string, are: (books: Books) => boolean, ...words: readonly string[]): Promise<Books> {
    let last = '';
    return until(
      async () => {
        const { code, out } = await hookline('--json', ...words);
        last = out;
        const books: Books = JSON.parse(out);
        expect(code).toBe(books.ok ? 0 : 1);
        return are(books) && books;
      },
      { what, limitMs: 60_000, detail: () => last },
    );
  }

  const isWhole = ({ ok, notifications }: Books) => ok && notifications?.['sent'] === events;
  const read = ({ partitions }: Books, field: string) => partitions.reduce((sum, line) => sum + (line[field] ?? 0), 0);

  it('balance after all was sent, and end with 0', async () => {
    const books = await booksWhen('the books balance', isWhole);
    expect([read(books, 'read'), read(books, 'committed'), read(books, 'missing')]).toEqual([events, events, 0]);
    expect(books.notifications).toMatchObject({
      created: events,
      attempted: events,
      waiting: 0,
      endedWithoutAttempt: 0,
    });
    const { code, out } = await hookline();
    expect(code).toBe(0);
    expect(out).toContain(`notifications created ${events} = sent ${events} + pending 0 + failed 0 + cancelled 0`);
    expect(out).toContain('the books balance; events checked ');
  }, 90_000);

  it('name what is deleted or skipped, end with 1, and balance again once it is repaired', async () => {
    const { database } = stack;
    const rows = await database.query<{ id: string; source_partition: number; source_offset: string }>(
      'SELECT id, source_partition, source_offset FROM notifications ORDER BY id LIMIT 3',
    );
    const [lost, cut, skipped] = rows;
    if (lost === undefined || cut === undefined || skipped === undefined) throw new Error('there are no notifications');
    await database.query('CREATE TABLE lost_rows AS SELECT * FROM notifications WHERE id = $1', [lost.id]);
    await database.query('CREATE TABLE lost_attempts AS SELECT * FROM attempts WHERE notification_id = $1', [cut.id]);
    await database.query('DELETE FROM notifications WHERE id = $1', [lost.id]);
    await database.query('DELETE FROM attempts WHERE notification_id = $1', [cut.id]);
    await setBit(skipped.source_partition, Number(skipped.source_offset), 0);
    const differ = await booksWhen('four differences', ({ differences }) => differences.length === 4);
    const place = (row: typeof lost) => ({
      ...{ topic: stack.eventsTopic, partition: row.source_partition },
      ...{ firstOffset: Number(row.source_offset), lastOffset: Number(row.source_offset) },
    });
    const named = (kind: string) => differ.differences.filter((one) => one['kind'] === kind);
    expect(named('SKIPPED_OFFSET')).toMatchObject([place(skipped)]);
    expect(named('MISSING_ATTEMPT')).toMatchObject([{ notification: cut.id, attempt: 1, tenant: 'acme' }]);
    expect(named('MISSING_NOTIFICATION')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ notification: lost.id }),
        expect.objectContaining(place(lost)),
      ]),
    );
    const { code, out } = await hookline();
    expect([code, out.includes('the books do not balance')]).toEqual([1, true]);
    expect(out).toContain(`MISSING_ATTEMPT  notification ${cut.id}, attempt 1, tenant acme: `);
    const metrics = (await stack.app('retry-scheduler').probe('/metrics')).body;
    expect(metrics).toMatch(/hookline_books_differences\{[^}]*kind="SKIPPED_OFFSET"[^}]*\} 1\b/);
    const ofTenant = await booksWhen(
      'the differences of the tenant',
      ({ differences }) => differences.length > 0,
      '--tenant',
      'acme',
    );
    expect(ofTenant.differences.every(({ tenant }) => tenant === 'acme')).toBe(true);
    expect(ofTenant.partitions).toEqual([]);

    await database.query('INSERT INTO notifications SELECT * FROM lost_rows');
    await database.query('INSERT INTO attempts SELECT * FROM lost_attempts');
    await setBit(skipped.source_partition, Number(skipped.source_offset), 1);
    expect((await booksWhen('the books balance again', isWhole)).differences).toEqual([]);
  }, 120_000);

  it('balance with what an operator has accepted, which is on record', async () => {
    const [row] = await stack.database.query<{ partition: number }>(
      'SELECT partition FROM books WHERE topic = $1 ORDER BY partition LIMIT 1',
      [stack.eventsTopic],
    );
    if (row === undefined) throw new Error('nothing was read');
    await setBit(row.partition, 0, 0);
    const { differences } = await booksWhen('the skipped offset', (books) => books.differences.length === 1);
    const name = String(differences[0]?.['name']);
    const refused = await hookline('--accept', name);
    expect([refused.code, refused.out]).toEqual([2, expect.stringContaining('--accept and --reason go together')]);
    const { code, out } = await hookline('--accept', name, '--reason', 'produced again');
    expect([code, out]).toEqual([0, expect.stringContaining('1 (1 accepted)')]);
    expect((await booksWhen('the books balance', ({ ok }) => ok)).differences).toEqual([]);
    const log = await stack.database.query(
      `SELECT principal, target, reason FROM operator_log WHERE action = 'differences.accept'`,
    );
    expect(log).toEqual([{ principal: 'bootstrap', target: name, reason: 'produced again' }]);
    await setBit(row.partition, 0, 1);
    // Until a look resolves it, one is accepted of which nothing is missing.
    await booksWhen('the books balance with the verdict there', ({ ok }) => ok);
  }, 60_000);

  it('are refused under another name, and of a tenant that is not there', async () => {
    const client = AdminClient.of(stack);
    try {
      const get = (name: string) => refusal(client.call(client.ledger, 'getLedger', { name }));
      expect((await get('tenants/acme')).message).toContain('is not of the form ledger or tenants/{tenant}/ledger');
      expect((await get('tenants/nobody/ledger')).code).toBe(5);
    } finally {
      client.close();
    }
  });

  it('balance before notifications were counted once, and end with 1 when nobody has checked them for two minutes', async () => {
    await stack.app('retry-scheduler').kill('SIGTERM');
    await stack.database.query('UPDATE book_checks SET checked_at = now(), counted_at = NULL');
    const counting = await hookline();
    expect([counting.code, counting.out]).toEqual([0, expect.stringContaining('counted for the first time')]);
    await stack.database.query(`UPDATE book_checks SET checked_at = now() - interval '3 minutes'`);
    const { code, out } = await hookline();
    expect([code, out]).toEqual([1, expect.stringContaining('nobody checks the books; ')]);
    expect(out).toContain('this is older than two minutes');
  });
});
