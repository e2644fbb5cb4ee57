import type { BookCheckView, DifferenceView, NotificationLedgerView, PartitionLedgerView } from '#audit/ledger-reads';
import type { Difference } from '#contracts/generated/hookline/admin/v1/Difference';
import type { NotificationLedger } from '#contracts/generated/hookline/admin/v1/NotificationLedger';
import type { PartitionLedger } from '#contracts/generated/hookline/admin/v1/PartitionLedger';
import type { DifferenceKind } from '#domain/book-difference';
import { timestampOf } from './timestamps.js';

export function answeredPartition(view: PartitionLedgerView): PartitionLedger {
  return {
    ...{ topic: view.topic, partition: view.partition, firstOffset: view.first_offset },
    ...(view.committed === null ? {} : { committedOffset: view.committed }),
    ...{ logStartOffset: view.log_start, logEndOffset: view.log_end },
    ...{ matched: view.matched, unmatched: view.unmatched, duplicate: view.duplicate, parked: view.parked },
    ...{ gaps: view.gaps, missing: view.missing, uncommitted: view.uncommitted, accepted: view.accepted },
    checkTime: timestampOf(view.checked_at),
  };
}

export function answeredNotifications(
  view: NotificationLedgerView,
  { counted_at: countedAt }: Pick<BookCheckView, 'counted_at'>,
): NotificationLedger {
  return {
    ...{ created: view.created, sent: view.sent, pending: view.pending, failed: view.failed },
    ...{ cancelled: view.cancelled, attempted: view.attempted, waiting: view.waiting },
    ...{ endedWithoutAttempt: view.ended_without, countTime: timestampOf(countedAt) },
  };
}

export function answeredDifference(view: DifferenceView): Difference {
  return {
    ...{ name: `differences/${view.id}`, kind: `DIFFERENCE_KIND_${view.kind}`, tenant: view.tenant_id ?? '' },
    ...(view.topic === null ? {} : { topic: view.topic, partition: view.partition ?? 0 }),
    ...(view.first_offset === null ? {} : { firstOffset: view.first_offset, lastOffset: view.last_offset ?? '0' }),
    ...{ notificationId: view.notification_id ?? '', attemptNumber: view.number ?? 0 },
    ...{ detail: view.detail, remedy: remedies[view.kind] },
    firstSeenTime: timestampOf(view.first_seen_at),
    lastSeenTime: timestampOf(view.last_seen_at),
  };
}

const produceAgain = 'have upstream produce these events again (what was made already is made once), and accept it';
const restore = 'restore the row from a backup, and look who changes rows by hand';

/** What an operator does about it; `docs/operators.md` says more. */
const remedies: Readonly<Record<DifferenceKind, string>> = {
  SKIPPED_OFFSET: `read the records with Kafka's own consumer, ${produceAgain}`,
  LOST_BEFORE_READ: `${produceAgain}; then look why the renderer was away for longer than the retention of the topic`,
  MISSING_NOTIFICATION: restore,
  MISSING_ATTEMPT: restore,
  WRONG_ATTEMPT_COUNT: 'compare the attempts with a backup: rows were changed by hand',
  MISSING_PAYLOAD: `${restore}; without it nothing is sent, and a re-send is refused`,
  SENT_WITHOUT_ACCEPTED: 'compare notification and attempts with a backup: rows were changed by hand',
  OVERDUE: 'look why the sweep does not ask for it: duty.failed of a scheduler, notification.stuck',
  LEASE_OVERDUE: 'look why the sweep does not close it: duty.failed of a scheduler',
};
