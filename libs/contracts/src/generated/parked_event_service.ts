import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { GetParkedEventRequest as _hookline_admin_v1_GetParkedEventRequest, GetParkedEventRequest__Output as _hookline_admin_v1_GetParkedEventRequest__Output } from './hookline/admin/v1/GetParkedEventRequest.js';
import type { GetParkedEventResponse as _hookline_admin_v1_GetParkedEventResponse, GetParkedEventResponse__Output as _hookline_admin_v1_GetParkedEventResponse__Output } from './hookline/admin/v1/GetParkedEventResponse.js';
import type { ListParkedEventsRequest as _hookline_admin_v1_ListParkedEventsRequest, ListParkedEventsRequest__Output as _hookline_admin_v1_ListParkedEventsRequest__Output } from './hookline/admin/v1/ListParkedEventsRequest.js';
import type { ListParkedEventsResponse as _hookline_admin_v1_ListParkedEventsResponse, ListParkedEventsResponse__Output as _hookline_admin_v1_ListParkedEventsResponse__Output } from './hookline/admin/v1/ListParkedEventsResponse.js';
import type { ParkedEvent as _hookline_admin_v1_ParkedEvent, ParkedEvent__Output as _hookline_admin_v1_ParkedEvent__Output } from './hookline/admin/v1/ParkedEvent.js';
import type { ParkedEventServiceClient as _hookline_admin_v1_ParkedEventServiceClient, ParkedEventServiceDefinition as _hookline_admin_v1_ParkedEventServiceDefinition } from './hookline/admin/v1/ParkedEventService.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hookline: {
    admin: {
      v1: {
        GetParkedEventRequest: MessageTypeDefinition<_hookline_admin_v1_GetParkedEventRequest, _hookline_admin_v1_GetParkedEventRequest__Output>
        GetParkedEventResponse: MessageTypeDefinition<_hookline_admin_v1_GetParkedEventResponse, _hookline_admin_v1_GetParkedEventResponse__Output>
        ListParkedEventsRequest: MessageTypeDefinition<_hookline_admin_v1_ListParkedEventsRequest, _hookline_admin_v1_ListParkedEventsRequest__Output>
        ListParkedEventsResponse: MessageTypeDefinition<_hookline_admin_v1_ListParkedEventsResponse, _hookline_admin_v1_ListParkedEventsResponse__Output>
        ParkedEvent: MessageTypeDefinition<_hookline_admin_v1_ParkedEvent, _hookline_admin_v1_ParkedEvent__Output>
        ParkedEventService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_ParkedEventServiceClient> & { service: _hookline_admin_v1_ParkedEventServiceDefinition }
      }
    }
  }
}

