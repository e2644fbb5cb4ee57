import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { acceptDifference } from '#audit/book-differences';
import {
  countOpenDifferences,
  listOpenDifferences,
  readBookChecks,
  readNotificationLedger,
  readPartitionLedgers,
} from '#audit/ledger-reads';
import { writeOperatorLog } from '#audit/operator-log';
import type { AcceptDifferenceRequest__Output } from '#contracts/generated/hookline/admin/v1/AcceptDifferenceRequest';
import type { AcceptDifferenceResponse } from '#contracts/generated/hookline/admin/v1/AcceptDifferenceResponse';
import type { GetLedgerRequest__Output } from '#contracts/generated/hookline/admin/v1/GetLedgerRequest';
import type { GetLedgerResponse } from '#contracts/generated/hookline/admin/v1/GetLedgerResponse';
import type { Ledger } from '#contracts/generated/hookline/admin/v1/Ledger';
import type { ListDifferencesRequest__Output } from '#contracts/generated/hookline/admin/v1/ListDifferencesRequest';
import type { ListDifferencesResponse } from '#contracts/generated/hookline/admin/v1/ListDifferencesResponse';
import { isUuid, type TenantId } from '#domain/ids';
import { RethrowFilter } from '#kafka/log-server';
import { inTransaction } from '#postgres/transaction';
import { orBusy } from '#registry/registry-change';
import { ResourceFault } from '#registry/resource-fault';
import { AdminParts } from './admin-parts.js';
import { answeredDifference, answeredNotifications, answeredPartition } from './ledger-answers.js';
import { isInt64, type PageKey } from './page-token.js';
import { requireTenant } from './registry-deps.js';
import { parseDifference, parseLedger } from './resource-names.js';
import { timestampOf } from './timestamps.js';

const reasonCharsMax = 1_000;

type DifferenceKey = [seenUs: string, id: string];

/** `LedgerService`: what the retry-scheduler found when it compared the books. */
@Controller()
@UseFilters(RethrowFilter)
export class LedgerController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('LedgerService', 'GetLedger')
  get({ name }: GetLedgerRequest__Output, metadata: Metadata): Promise<GetLedgerResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const tenantId = await this.tenantOf(name, 'name');
      return { ledger: await this.ledger(name, tenantId) };
    });
  }

  @GrpcMethod('LedgerService', 'ListDifferences')
  list(request: ListDifferencesRequest__Output, metadata: Metadata): Promise<ListDifferencesResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const { parent } = request;
      const tenantId = await this.tenantOf(parent, 'parent');
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListDifferences', parent, filter: '' },
        isKey: isDifferenceKey,
        rowsAfter: (key, rowsMax) => {
          const after = key === null ? null : { seenUs: key[0], id: key[1] };
          return listOpenDifferences(this.parts.registry.reads, tenantId, after, rowsMax);
        },
        keyOf: ({ seen_us: us, id }) => [us, id] as DifferenceKey,
      });
      return { differences: page.rows.map(answeredDifference), nextPageToken: page.nextPageToken };
    });
  }

  @GrpcMethod('LedgerService', 'AcceptDifference')
  accept(request: AcceptDifferenceRequest__Output, metadata: Metadata): Promise<AcceptDifferenceResponse> {
    return this.parts.gate.answer(metadata, async ({ principal }) => {
      const id = parseDifference(request.name);
      const reason = readReason(request.reason);
      const { changes } = this.parts.registry;
      const accept = () =>
        inTransaction(changes, async (tx) => {
          const accepted = await acceptDifference(tx, id);
          if (accepted === null) throw new ResourceFault('not-found', `no difference stands under ${request.name}`);
          const tenantId = accepted.tenantId as TenantId | null;
          const line = { tenantId, principal, action: 'differences.accept', target: request.name, reason };
          if (accepted.isNew) await writeOperatorLog(tx, [line]);
        });
      await orBusy(accept);
      return {};
    });
  }

  /** Partitions belong to no tenant, so a tenant's ledger is the second line alone. */
  private async ledger(name: string, tenantId: TenantId | null): Promise<Ledger> {
    const { reads } = this.parts.registry;
    const checks = await readBookChecks(reads);
    const [events, rows] = (['events', 'notifications'] as const).map((line) =>
      checks.find((one) => one.line === line),
    );
    const partitions = tenantId === null ? await readPartitionLedgers(reads) : [];
    const notifications = await readNotificationLedger(reads, tenantId);
    const differenceCount = await countOpenDifferences(reads, tenantId);
    const unlistedCount = tenantId === null ? checks.reduce((sum, { unlisted }) => sum + unlisted, 0) : 0;
    const isWhole = partitions.every(({ missing, accepted }) => missing === accepted);
    const isCounted = notifications !== null && rows?.counted_at !== null && rows !== undefined;
    return {
      ...{ name, balanced: differenceCount === 0 && unlistedCount === 0 && isWhole },
      stale: (tenantId === null && events?.is_stale !== false) || rows?.is_stale !== false,
      ...(tenantId === null ? { eventsCheckTime: timestampOf(events?.checked_at ?? null) } : {}),
      notificationsCheckTime: timestampOf(rows?.checked_at ?? null),
      partitions: partitions.map(answeredPartition),
      ...(isCounted ? { notifications: answeredNotifications(notifications, rows) } : {}),
      ...{ differenceCount, unlistedCount },
    };
  }

  private async tenantOf(name: string, field: string): Promise<TenantId | null> {
    const tenantId = parseLedger(name, field);
    if (tenantId !== null) await requireTenant(this.parts.registry.reads, tenantId);
    return tenantId;
  }
}

function readReason(reason: string): string {
  const text = reason.trim();
  if (text !== '' && text.length <= reasonCharsMax && !text.includes('\0')) return text;
  throw ResourceFault.invalid([{ field: 'reason', said: `must have 1 to ${reasonCharsMax} characters` }]);
}

function isDifferenceKey(key: PageKey): key is DifferenceKey {
  return key.length === 2 && isInt64(key[0]) && isUuid(String(key[1]));
}
