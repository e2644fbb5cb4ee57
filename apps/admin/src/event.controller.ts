import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { PublishEventRequest__Output } from '#contracts/generated/hookline/admin/v1/PublishEventRequest';
import type { PublishEventResponse } from '#contracts/generated/hookline/admin/v1/PublishEventResponse';
import { notificationName } from '#contracts/resource-names';
import { RethrowFilter } from '#kafka/log-server';
import { AdminParts } from './admin-parts.js';
import { publishEvent } from './publish-event.js';
import { parseTenants } from './resource-names.js';

const verdicts = {
  matched: 'EVENT_VERDICT_MATCHED',
  unmatched: 'EVENT_VERDICT_UNMATCHED',
  duplicate: 'EVENT_VERDICT_DUPLICATE',
  parked: 'EVENT_VERDICT_PARKED',
} as const;

/** `EventService`: a record in, what became of it out. */
@Controller()
@UseFilters(RethrowFilter)
export class EventController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('EventService', 'PublishEvent')
  publish(request: PublishEventRequest__Output, metadata: Metadata): Promise<PublishEventResponse> {
    return this.parts.gate.answer(metadata, async (caller) => {
      const { parent, value, headers, key, noWait } = request;
      const publication = { tenantId: parseTenants(parent), value, headers, key, noWait };
      const published = await publishEvent(publication, caller, this.parts.publish);
      const { topic, partition, offset, verdict, notifications, parkReason, detail } = published;
      return {
        ...{ topic, partition, offset: String(offset), parkReason, detail },
        verdict: verdict === null ? 'EVENT_VERDICT_UNSPECIFIED' : verdicts[verdict],
        notifications: notifications.map(notificationName),
      };
    });
  }
}
