import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { FieldMask as _google_protobuf_FieldMask, FieldMask__Output as _google_protobuf_FieldMask__Output } from './google/protobuf/FieldMask.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { CreateEndpointRequest as _hookline_admin_v1_CreateEndpointRequest, CreateEndpointRequest__Output as _hookline_admin_v1_CreateEndpointRequest__Output } from './hookline/admin/v1/CreateEndpointRequest.js';
import type { CreateEndpointResponse as _hookline_admin_v1_CreateEndpointResponse, CreateEndpointResponse__Output as _hookline_admin_v1_CreateEndpointResponse__Output } from './hookline/admin/v1/CreateEndpointResponse.js';
import type { DeleteEndpointRequest as _hookline_admin_v1_DeleteEndpointRequest, DeleteEndpointRequest__Output as _hookline_admin_v1_DeleteEndpointRequest__Output } from './hookline/admin/v1/DeleteEndpointRequest.js';
import type { DeleteEndpointResponse as _hookline_admin_v1_DeleteEndpointResponse, DeleteEndpointResponse__Output as _hookline_admin_v1_DeleteEndpointResponse__Output } from './hookline/admin/v1/DeleteEndpointResponse.js';
import type { EffectiveRetrySchedule as _hookline_admin_v1_EffectiveRetrySchedule, EffectiveRetrySchedule__Output as _hookline_admin_v1_EffectiveRetrySchedule__Output } from './hookline/admin/v1/EffectiveRetrySchedule.js';
import type { Endpoint as _hookline_admin_v1_Endpoint, Endpoint__Output as _hookline_admin_v1_Endpoint__Output } from './hookline/admin/v1/Endpoint.js';
import type { EndpointServiceClient as _hookline_admin_v1_EndpointServiceClient, EndpointServiceDefinition as _hookline_admin_v1_EndpointServiceDefinition } from './hookline/admin/v1/EndpointService.js';
import type { GetEndpointRequest as _hookline_admin_v1_GetEndpointRequest, GetEndpointRequest__Output as _hookline_admin_v1_GetEndpointRequest__Output } from './hookline/admin/v1/GetEndpointRequest.js';
import type { GetEndpointResponse as _hookline_admin_v1_GetEndpointResponse, GetEndpointResponse__Output as _hookline_admin_v1_GetEndpointResponse__Output } from './hookline/admin/v1/GetEndpointResponse.js';
import type { ListEndpointsRequest as _hookline_admin_v1_ListEndpointsRequest, ListEndpointsRequest__Output as _hookline_admin_v1_ListEndpointsRequest__Output } from './hookline/admin/v1/ListEndpointsRequest.js';
import type { ListEndpointsResponse as _hookline_admin_v1_ListEndpointsResponse, ListEndpointsResponse__Output as _hookline_admin_v1_ListEndpointsResponse__Output } from './hookline/admin/v1/ListEndpointsResponse.js';
import type { PauseEndpointRequest as _hookline_admin_v1_PauseEndpointRequest, PauseEndpointRequest__Output as _hookline_admin_v1_PauseEndpointRequest__Output } from './hookline/admin/v1/PauseEndpointRequest.js';
import type { PauseEndpointResponse as _hookline_admin_v1_PauseEndpointResponse, PauseEndpointResponse__Output as _hookline_admin_v1_PauseEndpointResponse__Output } from './hookline/admin/v1/PauseEndpointResponse.js';
import type { ResumeEndpointRequest as _hookline_admin_v1_ResumeEndpointRequest, ResumeEndpointRequest__Output as _hookline_admin_v1_ResumeEndpointRequest__Output } from './hookline/admin/v1/ResumeEndpointRequest.js';
import type { ResumeEndpointResponse as _hookline_admin_v1_ResumeEndpointResponse, ResumeEndpointResponse__Output as _hookline_admin_v1_ResumeEndpointResponse__Output } from './hookline/admin/v1/ResumeEndpointResponse.js';
import type { UpdateEndpointRequest as _hookline_admin_v1_UpdateEndpointRequest, UpdateEndpointRequest__Output as _hookline_admin_v1_UpdateEndpointRequest__Output } from './hookline/admin/v1/UpdateEndpointRequest.js';
import type { UpdateEndpointResponse as _hookline_admin_v1_UpdateEndpointResponse, UpdateEndpointResponse__Output as _hookline_admin_v1_UpdateEndpointResponse__Output } from './hookline/admin/v1/UpdateEndpointResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      FieldMask: MessageTypeDefinition<_google_protobuf_FieldMask, _google_protobuf_FieldMask__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hookline: {
    admin: {
      v1: {
        CreateEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_CreateEndpointRequest, _hookline_admin_v1_CreateEndpointRequest__Output>
        CreateEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_CreateEndpointResponse, _hookline_admin_v1_CreateEndpointResponse__Output>
        DeleteEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_DeleteEndpointRequest, _hookline_admin_v1_DeleteEndpointRequest__Output>
        DeleteEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_DeleteEndpointResponse, _hookline_admin_v1_DeleteEndpointResponse__Output>
        EffectiveRetrySchedule: MessageTypeDefinition<_hookline_admin_v1_EffectiveRetrySchedule, _hookline_admin_v1_EffectiveRetrySchedule__Output>
        Endpoint: MessageTypeDefinition<_hookline_admin_v1_Endpoint, _hookline_admin_v1_Endpoint__Output>
        EndpointService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_EndpointServiceClient> & { service: _hookline_admin_v1_EndpointServiceDefinition }
        GetEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_GetEndpointRequest, _hookline_admin_v1_GetEndpointRequest__Output>
        GetEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_GetEndpointResponse, _hookline_admin_v1_GetEndpointResponse__Output>
        ListEndpointsRequest: MessageTypeDefinition<_hookline_admin_v1_ListEndpointsRequest, _hookline_admin_v1_ListEndpointsRequest__Output>
        ListEndpointsResponse: MessageTypeDefinition<_hookline_admin_v1_ListEndpointsResponse, _hookline_admin_v1_ListEndpointsResponse__Output>
        PauseEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_PauseEndpointRequest, _hookline_admin_v1_PauseEndpointRequest__Output>
        PauseEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_PauseEndpointResponse, _hookline_admin_v1_PauseEndpointResponse__Output>
        ResumeEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_ResumeEndpointRequest, _hookline_admin_v1_ResumeEndpointRequest__Output>
        ResumeEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_ResumeEndpointResponse, _hookline_admin_v1_ResumeEndpointResponse__Output>
        RetryScheduleSource: EnumTypeDefinition
        UpdateEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_UpdateEndpointRequest, _hookline_admin_v1_UpdateEndpointRequest__Output>
        UpdateEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_UpdateEndpointResponse, _hookline_admin_v1_UpdateEndpointResponse__Output>
      }
    }
  }
}

