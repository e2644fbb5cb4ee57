import type { Metadata } from '@grpc/grpc-js';
import { Controller, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { findParkedEvent, listParkedEvents, type ParkedEventView } from '#audit/parked-event-reads';
import type { GetParkedEventRequest__Output } from '#contracts/generated/hookline/admin/v1/GetParkedEventRequest';
import type { GetParkedEventResponse } from '#contracts/generated/hookline/admin/v1/GetParkedEventResponse';
import type { ListParkedEventsRequest__Output } from '#contracts/generated/hookline/admin/v1/ListParkedEventsRequest';
import type { ListParkedEventsResponse } from '#contracts/generated/hookline/admin/v1/ListParkedEventsResponse';
import type { ParkedEvent } from '#contracts/generated/hookline/admin/v1/ParkedEvent';
import { parkedEventName } from '#contracts/resource-names';
import { RethrowFilter } from '#kafka/log-server';
import { ResourceFault } from '#registry/resource-fault';
import { AdminParts } from './admin-parts.js';
import { isInt64, type PageKey } from './page-token.js';
import { parseParkedEvent } from './resource-names.js';
import { timestampOf } from './timestamps.js';

type ParkedKey = [topic: string, parkedUs: string, partition: number, offset: string];

/** `ParkedEventService`: positions in, records out. Parked records belong to no tenant. */
@Controller()
@UseFilters(RethrowFilter)
export class ParkedEventController {
  constructor(private readonly parts: AdminParts) {}

  @GrpcMethod('ParkedEventService', 'GetParkedEvent')
  get({ name }: GetParkedEventRequest__Output, metadata: Metadata): Promise<GetParkedEventResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const view = await findParkedEvent(this.parts.registry.reads, parseParkedEvent(name));
      if (view === null) throw new ResourceFault('not-found', `no record is parked as ${name}`);
      return { parkedEvent: answeredParkedEvent(view) };
    });
  }

  @GrpcMethod('ParkedEventService', 'ListParkedEvents')
  list(request: ListParkedEventsRequest__Output, metadata: Metadata): Promise<ListParkedEventsResponse> {
    return this.parts.gate.answer(metadata, async () => {
      const page = await this.parts.pages.read(request, {
        scope: { list: 'ListParkedEvents', parent: '', filter: '' },
        isKey: isParkedKey,
        rowsAfter: (key, rowsMax) => listParkedEvents(this.parts.registry.reads, placeOf(key), rowsMax),
        keyOf: ({ topic, parked_us: us, partition, offset }) => [topic, us, partition, offset] as ParkedKey,
        bytesOf: ({ key, headers }) => (key?.length ?? 0) + 4 * JSON.stringify(headers).length,
      });
      return { parkedEvents: page.rows.map(answeredParkedEvent), nextPageToken: page.nextPageToken };
    });
  }
}

function isParkedKey(key: PageKey): key is ParkedKey {
  const [topic, parkedUs, partition, offset] = key;
  const isPlace = typeof topic === 'string' && typeof partition === 'number' && key.length === 4;
  return isPlace && isInt64(parkedUs) && isInt64(offset);
}

function placeOf(key: ParkedKey | null) {
  if (key === null) return null;
  const [topic, parkedUs, partition, offset] = key;
  return { topic, parkedUs, partition, offset };
}

function answeredParkedEvent(view: ParkedEventView): ParkedEvent {
  const headers = Object.entries(view.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return {
    name: parkedEventName(view),
    topic: view.topic,
    partition: view.partition,
    offset: view.offset,
    reason: view.reason,
    detail: view.detail,
    valueBytes: view.value_bytes ?? 0,
    ...(view.key === null ? {} : { key: view.key }),
    ...(view.value === null ? {} : { value: view.value }),
    headers: Object.fromEntries(headers),
    recordTime: timestampOf(view.record_at),
    parkTime: timestampOf(view.parked_at),
    releaseTime: timestampOf(view.released_at),
  };
}
