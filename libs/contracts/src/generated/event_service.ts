import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { EventServiceClient as _hookline_admin_v1_EventServiceClient, EventServiceDefinition as _hookline_admin_v1_EventServiceDefinition } from './hookline/admin/v1/EventService.js';
import type { PublishEventRequest as _hookline_admin_v1_PublishEventRequest, PublishEventRequest__Output as _hookline_admin_v1_PublishEventRequest__Output } from './hookline/admin/v1/PublishEventRequest.js';
import type { PublishEventResponse as _hookline_admin_v1_PublishEventResponse, PublishEventResponse__Output as _hookline_admin_v1_PublishEventResponse__Output } from './hookline/admin/v1/PublishEventResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  hookline: {
    admin: {
      v1: {
        EventService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_EventServiceClient> & { service: _hookline_admin_v1_EventServiceDefinition }
        EventVerdict: EnumTypeDefinition
        PublishEventRequest: MessageTypeDefinition<_hookline_admin_v1_PublishEventRequest, _hookline_admin_v1_PublishEventRequest__Output>
        PublishEventResponse: MessageTypeDefinition<_hookline_admin_v1_PublishEventResponse, _hookline_admin_v1_PublishEventResponse__Output>
      }
    }
  }
}

