import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  findNotification,
  listAttempts,
  listNotifications,
  loadResponses,
  type NotificationView,
} from '#audit/notification-reads';
import { loadPayload } from '#audit/payloads';
import type { GetNotificationRequest__Output } from '#contracts/generated/hookline/admin/v1/GetNotificationRequest';
import type { GetNotificationResponse } from '#contracts/generated/hookline/admin/v1/GetNotificationResponse';
import type { GetPayloadRequest__Output } from '#contracts/generated/hookline/admin/v1/GetPayloadRequest';
import type { GetPayloadResponse } from '#contracts/generated/hookline/admin/v1/GetPayloadResponse';
import type { ListAttemptsRequest__Output } from '#contracts/generated/hookline/admin/v1/ListAttemptsRequest';
import type { ListAttemptsResponse } from '#contracts/generated/hookline/admin/v1/ListAttemptsResponse';
import type { ListNotificationsRequest__Output } from '#contracts/generated/hookline/admin/v1/ListNotificationsRequest';
import type { ListNotificationsResponse } from '#contracts/generated/hookline/admin/v1/ListNotificationsResponse';
import type { ResendNotificationRequest__Output } from '#contracts/generated/hookline/admin/v1/ResendNotificationRequest';
import type { ResendNotificationResponse } from '#contracts/generated/hookline/admin/v1/ResendNotificationResponse';
import { isUuid, type NotificationId } from '#domain/ids';
import { RethrowFilter } from '#kafka/log-server';
import { ResourceFault } from '#registry/resource-fault';
import { AdminParts } from './admin-parts.js';
import { answeredAttempt, answeredNotification } from './notification-answers.js';
import { parseNotificationFilter } from './notification-filter.js';
import type { PageKey } from './page-token.js';
import { requireTenant } from './registry-deps.js';
import { resendNotification } from './resend-notification.js';
import { parseNotification, parseTenants } from './resource-names.js';

/** `NotificationService`: names and filters in, answers out. */
@Controller()
@UseFilters(RethrowFilter)
export class NotificationController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('NotificationService', 'GetNotification')
  get({ name }: GetNotificationRequest__Output, metadata: Metadata): Promise<GetNotificationResponse> {
    return this.parts.gate.answer(metadata, async () => ({
      notification: answeredNotification(await this.find(name, 'name')),
    }));
  }

  @GrpcMethod('NotificationService', 'ListNotifications')
  list(request: ListNotificationsRequest__Output, metadata: Metadata): Promise<ListNotificationsResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const { parent, filter } = request;
      const tenantId = parseTenants(parent);
      const equals = parseNotificationFilter(filter);
      const { reads } = this.parts.registry;
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListNotifications', parent, filter },
        isKey: (key: PageKey): key is [NotificationId] => key.length === 1 && isUuid(String(key[0])),
        rowsAfter: (key, rowsMax) =>
          listNotifications(reads, { tenantId, equals, beforeId: key?.[0] ?? null, rowsMax }),
        keyOf: ({ id }) => [id] as [NotificationId],
        bytesOf: ({ failure_detail: detail }) => 4 * (detail?.length ?? 0) + eventBytes,
      });
      if (page.rows.length === 0 && tenantId !== null) await requireTenant(reads, tenantId);
      return { notifications: page.rows.map(answeredNotification), nextPageToken: page.nextPageToken };
    });
  }

  @GrpcMethod('NotificationService', 'ListAttempts')
  attempts(request: ListAttemptsRequest__Output, metadata: Metadata): Promise<ListAttemptsResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const { id } = await this.find(request.parent, 'parent');
      const { reads } = this.parts.registry;
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListAttempts', parent: request.parent, filter: '' },
        isKey: (key: PageKey): key is [number] => key.length === 1 && typeof key[0] === 'number',
        rowsAfter: (key, rowsMax) => listAttempts(reads, id, key?.[0] ?? 0, rowsMax),
        keyOf: ({ number }) => [number] as [number],
        bytesOf: ({ error_detail: detail, url, kept_bytes: kept }) => 4 * ((detail?.length ?? 0) + url.length) + kept,
      });
      const numbers = page.rows.map(({ number }) => number);
      const responses = new Map((await loadResponses(reads, id, numbers)).map((one) => [one.number, one]));
      const attempts = page.rows.map((row) => answeredAttempt(row, responses.get(row.number), caller));
      return { attempts, nextPageToken: page.nextPageToken };
    });
  }

  @GrpcMethod('NotificationService', 'GetPayload')
  payload({ name }: GetPayloadRequest__Output, metadata: Metadata): Promise<GetPayloadResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const notification = await this.find(name, 'name');
      if (notification.payload_sha256 === null) throw noPayload('TEMPLATE_ERROR', 'nothing was rendered for it');
      const payload = await loadPayload(this.parts.registry.reads, notification.id);
      if (payload === null) throw noPayload('PAYLOAD_ERASED', 'its payload is not kept any more');
      const { method, contentType, body, sha256 } = payload;
      return { method, contentType, body, sha256: sha256.toString('hex') };
    });
  }

  @GrpcMethod('NotificationService', 'ResendNotification')
  resend(request: ResendNotificationRequest__Output, metadata: Metadata): Promise<ResendNotificationResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const { requestId, reason } = request;
      const wish = { ...parseNotification(request.name), requestId, reason };
      const { item, notification } = await resendNotification(wish, caller, this.parts.resend);
      return { resendItem: item.id, created: item.isNew, notification: answeredNotification(notification) };
    });
  }

  private async find(name: string, field: string): Promise<NotificationView> {
    const { tenantId, id } = parseNotification(name, field);
    const view = await findNotification(this.parts.registry.reads, tenantId, id);
    if (view === null) throw new ResourceFault('not-found', `there is no notification ${id} in tenant ${tenantId}`);
    return view;
  }
}

/** Attributes of an event are at most 1,024 characters each. */
const eventBytes = 4 * 4_096;

function noPayload(reason: string, said: string): ResourceFault {
  return new ResourceFault('precondition', said, { reason });
}
