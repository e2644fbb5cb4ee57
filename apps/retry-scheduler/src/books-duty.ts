import { loadLookedInto, saveCheck, saveLookedInto, saveNotificationCounts } from '#audit/book-checks';
import {
  countDifferences,
  forgetResolved,
  markTold,
  noteDifferences,
  openDifferences,
  resolveDifferences,
  untoldDifferences,
} from '#audit/book-differences';
import {
  beginAnew,
  beginLedger,
  closePages,
  enterGaps,
  findHoles,
  forgetPages,
  loadLedgers,
  saveLedgers,
} from '#audit/book-ledgers';
import { loadPass, savePass } from '#audit/book-passes';
import { findLate } from '#audit/late-work';
import {
  auditChunk,
  auditNotifications,
  deletedRows,
  haveNotifications,
  matchedPages,
} from '#audit/notification-audit';
import { attachedTables } from '#audit/partitions';
import { droppedPayloads } from '#audit/payload-drops';
import { booksMismatchEvent } from '#contracts/operator-event-record';
import { eventTopicsOf, groupOf, topicNames } from '#contracts/topics';
import type { DifferenceKind } from '#domain/book-difference';
import type { Clock } from '#domain/clock';
import type { RecordProducer } from '#domain/kafka-record';
import type { TimeRange } from '#domain/table-partition';
import { KafkajsLogLook } from '#kafka/kafkajs/kafkajs-log-look';
import { createDataSource, type DataSource, openDataSource } from '#postgres/data-source';
import { dutyLocks } from '#postgres/locks';
import { kafkaSettingsOf, topicSettingsOf } from '#runtime/config-values';
import { OperatorNotices } from '#runtime/operator-notices';
import { type GaugeReading, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import { askWaitMsMax } from './ask-pace.js';
import { type CheckEventsReadDeps, type ListedRange, OldPages } from './check-events-read.js';
import { type CheckNotificationsDeps, passLimits } from './check-notifications.js';
import type { Duty } from './duty.js';
import { eventsAt } from './events-at.js';
import { type KeepBooksDeps, keepBooks, lateKinds } from './keep-books.js';
import type { RetrySchedulerConfig } from './retry-scheduler.config.js';
import { ToldDifferences } from './tell-differences.js';

/** The lock's session, and one for the work. */
const poolMax = 2;
const statementTimeoutMs = 10_000;
const stopMsMax = 2_000;
const dayMs = 86_400_000;
/** Rounds of one pass at least: a hundred seconds of the default. */
const passRounds = 10;
/** 16 million offsets of all partitions, the newest. */
const matchedPagesMax = 4_096;
/** Of one partition, 32,768 offsets: what is matched in a round. */
const newestPages = 8;
const rangeKinds = ['SKIPPED_OFFSET', 'LOST_BEFORE_READ'] as const;
const rowKinds: readonly DifferenceKind[] = [
  ...(['MISSING_NOTIFICATION', 'MISSING_ATTEMPT', 'WRONG_ATTEMPT_COUNT'] as const),
  ...(['MISSING_PAYLOAD', 'SENT_WITHOUT_ACCEPTED'] as const),
];

/** What the duty has in common with the others of the process. */
export interface BooksParts {
  readonly producer: RecordProducer;
  /** Up to when `deliveries` and all tiers have been read, milliseconds since the epoch; null: nobody knows. */
  readonly readToMs: (store: DataSource) => Promise<number | null>;
  /** False while what is late may only wait for a server that has just come back. */
  readonly mayJudgeLate: () => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Compares the books with Kafka and with the rows, all the time, over connections of its own: however long it is kept
 * waiting, no other duty waits for it.
 */
export function createBooksDuty(config: RetrySchedulerConfig, parts: BooksParts) {
  const { clock, signal, log } = parts;
  const pool = { url: config.DATABASE_URL, applicationName: 'hookline.retry-scheduler.books' };
  const store = createDataSource({ ...pool, poolMax, statementTimeoutMs });
  const look = new KafkajsLogLook(kafkaSettingsOf(config), `${config.TOPIC_PREFIX}books`, log);
  let readings: readonly GaugeReading[] = [];
  gauge('hookline_books_differences', () => readings);
  const publish = (fresh: readonly GaugeReading[]) => {
    readings = fresh;
  };
  const deps = createDeps(config, { ...parts, store, look, publish });
  const duty: Duty = {
    ...{ name: 'books', everyMs: config.BOOKS_INTERVAL_MS, lock: dutyLocks.keepBooks, store },
    run: () => keepBooks(deps),
    isElsewhere: () => publish([]),
  };
  // A question to brokers that are away ends by itself; nothing is lost with it.
  const closed = () => Promise.allSettled([look.close(), store.destroy()]);
  return {
    duties: [duty],
    open: () => openDataSource(store, log, clock, signal),
    close: async () => void (await Promise.race([closed(), clock.wait(stopMsMax)])),
  };
}

interface DutyParts extends BooksParts {
  readonly store: DataSource;
  readonly look: KafkajsLogLook;
  readonly publish: KeepBooksDeps['publish'];
}

function createDeps(config: RetrySchedulerConfig, parts: DutyParts): KeepBooksDeps {
  const { store, publish, clock, signal, log } = parts;
  const everyMs = config.BOOKS_INTERVAL_MS;
  const note: KeepBooksDeps['note'] = (found) => noteDifferences(store, found, everyMs / 2);
  const resolve: KeepBooksDeps['resolve'] = async (ids) => {
    const resolved = await resolveDifferences(store, ids);
    if (resolved > 0) log.info('books.resolved', { differences: resolved });
  };
  const notices = new OperatorNotices(parts.producer, log);
  const saying = { prefix: config.TOPIC_PREFIX, clock };
  const operatorEvents = topicNames.operatorEvents(config.TOPIC_PREFIX);
  const lateRules = async () => ({
    ...{ graceMs: config.SWEEP_GRACE_MS, marginMs: config.SWEEP_GRACE_MS, leaseGraceMs: config.LEASE_GRACE_MS },
    ...{ askWaitMsMax, readToMs: await parts.readToMs(store) },
  });
  return {
    ...{ pages: new OldPages(), told: new ToldDifferences() },
    events: eventsDeps(config, { ...parts, note, resolve }),
    notifications: notificationsDeps(parts, { note, resolve }),
    findLate: async () => (parts.mayJudgeLate() ? findLate(store, await lateRules()) : null),
    listedLate: () => openDifferences(store, lateKinds),
    saveCheck: (line, unlisted) => saveCheck(store, line, unlisted),
    untold: (rowsMax) => untoldDifferences(store, operatorEvents, rowsMax),
    markTold: (ids) => markTold(store, ids),
    countDifferences: () => countDifferences(store),
    forgetResolved: () => forgetResolved(store),
    tell: (difference) => notices.written(booksMismatchEvent(difference, saying)),
    ...{ note, resolve, publish, everyMs, passMs: passRounds * everyMs, clock, signal, log },
  };
}

type Listing = Pick<KeepBooksDeps, 'note' | 'resolve'>;
type NotificationsParts = Pick<DutyParts, 'store' | 'look' | 'clock' | 'signal'>;

function eventsDeps(config: RetrySchedulerConfig, parts: DutyParts & Listing): CheckEventsReadDeps {
  const { store, look, note, resolve, signal, log } = parts;
  const topics = eventTopicsOf(topicSettingsOf(config));
  const group = groupOf(config.TOPIC_PREFIX, 'renderer');
  return {
    offsets: () => look.offsets(topics, group),
    read: (at, from, howMuch) => look.read(at, from, howMuch),
    loadLedgers: () => loadLedgers(store),
    beginLedger: (seen) => beginLedger(store, seen),
    saveLedgers: (seen) => saveLedgers(store, seen),
    forgetPages: (at) => forgetPages(store, at),
    beginAnew: (ledger) => beginAnew(store, ledger),
    findHoles: (at, range) => findHoles(store, at, range),
    enterGaps: (at, offsets) => enterGaps(store, at, offsets),
    closePages: (ledger, lostTo) => closePages(store, ledger, lostTo),
    listedRanges: async () =>
      (await openDifferences(store, rangeKinds)).flatMap(({ id, kind, offsets }): readonly ListedRange[] => {
        const range = rangeKinds.find((one) => one === kind);
        if (offsets === null || range === undefined) return [];
        const { topic, partition, first, last } = offsets;
        return [{ id, kind: range, topic, partition, from: first, to: last + 1n }];
      }),
    ...{ note, resolve, signal, log },
  };
}

/** What the second line's look touches, over the given list of differences. */
export function notificationsDeps(
  { store, look, clock, signal }: NotificationsParts,
  listing: Listing,
): CheckNotificationsDeps {
  return {
    keptDays: async () => {
      const all = await attachedTables(store);
      const of = (wanted: string) =>
        all.flatMap(({ table, range }) => (table === wanted && range !== null ? daysOf(range) : []));
      const gone = new Set((await droppedPayloads(store)).flatMap(daysOf));
      const payloads = of('notification_payloads').filter((day) => !gone.has(day));
      return { notifications: new Set(of('notifications')), payloads: new Set(payloads) };
    },
    auditChunk: (query) => auditChunk(store, query),
    auditNotifications: (ids) => auditNotifications(store, ids),
    matchedPages: (which) => matchedPages(store, matchedPagesMax, which === 'newest' ? newestPages : null),
    deletedRows: () => deletedRows(store),
    lookedInto: () => loadLookedInto(store),
    noteLookedInto: (deleted) => saveLookedInto(store, deleted),
    loadPass: () => loadPass(store),
    savePass: (pass, changed) => savePass(store, pass, changed),
    eventsAt: (places) => eventsAt(places, look),
    haveNotifications: (places) => haveNotifications(store, places),
    listed: (rowsMax) => openDifferences(store, rowKinds, rowsMax),
    saveCounts: (counts, unlisted) => saveNotificationCounts(store, counts, unlisted),
    limits: passLimits,
    nowMs: () => clock.nowMs(),
    wait: (ms) => clock.wait(ms, signal),
    ...{ ...listing, signal },
  };
}

/** The first instants of the days of a partition, which is whole days wide. */
function daysOf({ fromMs, toMs }: TimeRange): readonly number[] {
  return Array.from({ length: Math.round((toMs - fromMs) / dayMs) }, (_, i) => fromMs + i * dayMs);
}
