import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { FieldMask as _google_protobuf_FieldMask, FieldMask__Output as _google_protobuf_FieldMask__Output } from './google/protobuf/FieldMask.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { CreateEndpointRequest as _hookline_admin_v1_CreateEndpointRequest, CreateEndpointRequest__Output as _hookline_admin_v1_CreateEndpointRequest__Output } from './hookline/admin/v1/CreateEndpointRequest.js';
import type { CreateEndpointResponse as _hookline_admin_v1_CreateEndpointResponse, CreateEndpointResponse__Output as _hookline_admin_v1_CreateEndpointResponse__Output } from './hookline/admin/v1/CreateEndpointResponse.js';
import type { CreateTemplateRequest as _hookline_admin_v1_CreateTemplateRequest, CreateTemplateRequest__Output as _hookline_admin_v1_CreateTemplateRequest__Output } from './hookline/admin/v1/CreateTemplateRequest.js';
import type { CreateTemplateResponse as _hookline_admin_v1_CreateTemplateResponse, CreateTemplateResponse__Output as _hookline_admin_v1_CreateTemplateResponse__Output } from './hookline/admin/v1/CreateTemplateResponse.js';
import type { DeleteEndpointRequest as _hookline_admin_v1_DeleteEndpointRequest, DeleteEndpointRequest__Output as _hookline_admin_v1_DeleteEndpointRequest__Output } from './hookline/admin/v1/DeleteEndpointRequest.js';
import type { DeleteEndpointResponse as _hookline_admin_v1_DeleteEndpointResponse, DeleteEndpointResponse__Output as _hookline_admin_v1_DeleteEndpointResponse__Output } from './hookline/admin/v1/DeleteEndpointResponse.js';
import type { DeleteTemplateRequest as _hookline_admin_v1_DeleteTemplateRequest, DeleteTemplateRequest__Output as _hookline_admin_v1_DeleteTemplateRequest__Output } from './hookline/admin/v1/DeleteTemplateRequest.js';
import type { DeleteTemplateResponse as _hookline_admin_v1_DeleteTemplateResponse, DeleteTemplateResponse__Output as _hookline_admin_v1_DeleteTemplateResponse__Output } from './hookline/admin/v1/DeleteTemplateResponse.js';
import type { EffectiveRetrySchedule as _hookline_admin_v1_EffectiveRetrySchedule, EffectiveRetrySchedule__Output as _hookline_admin_v1_EffectiveRetrySchedule__Output } from './hookline/admin/v1/EffectiveRetrySchedule.js';
import type { Endpoint as _hookline_admin_v1_Endpoint, Endpoint__Output as _hookline_admin_v1_Endpoint__Output } from './hookline/admin/v1/Endpoint.js';
import type { EndpointServiceClient as _hookline_admin_v1_EndpointServiceClient, EndpointServiceDefinition as _hookline_admin_v1_EndpointServiceDefinition } from './hookline/admin/v1/EndpointService.js';
import type { GetEndpointRequest as _hookline_admin_v1_GetEndpointRequest, GetEndpointRequest__Output as _hookline_admin_v1_GetEndpointRequest__Output } from './hookline/admin/v1/GetEndpointRequest.js';
import type { GetEndpointResponse as _hookline_admin_v1_GetEndpointResponse, GetEndpointResponse__Output as _hookline_admin_v1_GetEndpointResponse__Output } from './hookline/admin/v1/GetEndpointResponse.js';
import type { GetTemplateRequest as _hookline_admin_v1_GetTemplateRequest, GetTemplateRequest__Output as _hookline_admin_v1_GetTemplateRequest__Output } from './hookline/admin/v1/GetTemplateRequest.js';
import type { GetTemplateResponse as _hookline_admin_v1_GetTemplateResponse, GetTemplateResponse__Output as _hookline_admin_v1_GetTemplateResponse__Output } from './hookline/admin/v1/GetTemplateResponse.js';
import type { ListEndpointsRequest as _hookline_admin_v1_ListEndpointsRequest, ListEndpointsRequest__Output as _hookline_admin_v1_ListEndpointsRequest__Output } from './hookline/admin/v1/ListEndpointsRequest.js';
import type { ListEndpointsResponse as _hookline_admin_v1_ListEndpointsResponse, ListEndpointsResponse__Output as _hookline_admin_v1_ListEndpointsResponse__Output } from './hookline/admin/v1/ListEndpointsResponse.js';
import type { ListTemplatesRequest as _hookline_admin_v1_ListTemplatesRequest, ListTemplatesRequest__Output as _hookline_admin_v1_ListTemplatesRequest__Output } from './hookline/admin/v1/ListTemplatesRequest.js';
import type { ListTemplatesResponse as _hookline_admin_v1_ListTemplatesResponse, ListTemplatesResponse__Output as _hookline_admin_v1_ListTemplatesResponse__Output } from './hookline/admin/v1/ListTemplatesResponse.js';
import type { PauseEndpointRequest as _hookline_admin_v1_PauseEndpointRequest, PauseEndpointRequest__Output as _hookline_admin_v1_PauseEndpointRequest__Output } from './hookline/admin/v1/PauseEndpointRequest.js';
import type { PauseEndpointResponse as _hookline_admin_v1_PauseEndpointResponse, PauseEndpointResponse__Output as _hookline_admin_v1_PauseEndpointResponse__Output } from './hookline/admin/v1/PauseEndpointResponse.js';
import type { ResumeEndpointRequest as _hookline_admin_v1_ResumeEndpointRequest, ResumeEndpointRequest__Output as _hookline_admin_v1_ResumeEndpointRequest__Output } from './hookline/admin/v1/ResumeEndpointRequest.js';
import type { ResumeEndpointResponse as _hookline_admin_v1_ResumeEndpointResponse, ResumeEndpointResponse__Output as _hookline_admin_v1_ResumeEndpointResponse__Output } from './hookline/admin/v1/ResumeEndpointResponse.js';
import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from './hookline/admin/v1/Template.js';
import type { TemplateServiceClient as _hookline_admin_v1_TemplateServiceClient, TemplateServiceDefinition as _hookline_admin_v1_TemplateServiceDefinition } from './hookline/admin/v1/TemplateService.js';
import type { UpdateEndpointRequest as _hookline_admin_v1_UpdateEndpointRequest, UpdateEndpointRequest__Output as _hookline_admin_v1_UpdateEndpointRequest__Output } from './hookline/admin/v1/UpdateEndpointRequest.js';
import type { UpdateEndpointResponse as _hookline_admin_v1_UpdateEndpointResponse, UpdateEndpointResponse__Output as _hookline_admin_v1_UpdateEndpointResponse__Output } from './hookline/admin/v1/UpdateEndpointResponse.js';
import type { UpdateTemplateRequest as _hookline_admin_v1_UpdateTemplateRequest, UpdateTemplateRequest__Output as _hookline_admin_v1_UpdateTemplateRequest__Output } from './hookline/admin/v1/UpdateTemplateRequest.js';
import type { UpdateTemplateResponse as _hookline_admin_v1_UpdateTemplateResponse, UpdateTemplateResponse__Output as _hookline_admin_v1_UpdateTemplateResponse__Output } from './hookline/admin/v1/UpdateTemplateResponse.js';

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
        CreateTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_CreateTemplateRequest, _hookline_admin_v1_CreateTemplateRequest__Output>
        CreateTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_CreateTemplateResponse, _hookline_admin_v1_CreateTemplateResponse__Output>
        DeleteEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_DeleteEndpointRequest, _hookline_admin_v1_DeleteEndpointRequest__Output>
        DeleteEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_DeleteEndpointResponse, _hookline_admin_v1_DeleteEndpointResponse__Output>
        DeleteTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_DeleteTemplateRequest, _hookline_admin_v1_DeleteTemplateRequest__Output>
        DeleteTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_DeleteTemplateResponse, _hookline_admin_v1_DeleteTemplateResponse__Output>
        EffectiveRetrySchedule: MessageTypeDefinition<_hookline_admin_v1_EffectiveRetrySchedule, _hookline_admin_v1_EffectiveRetrySchedule__Output>
        Endpoint: MessageTypeDefinition<_hookline_admin_v1_Endpoint, _hookline_admin_v1_Endpoint__Output>
        EndpointService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_EndpointServiceClient> & { service: _hookline_admin_v1_EndpointServiceDefinition }
        GetEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_GetEndpointRequest, _hookline_admin_v1_GetEndpointRequest__Output>
        GetEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_GetEndpointResponse, _hookline_admin_v1_GetEndpointResponse__Output>
        GetTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_GetTemplateRequest, _hookline_admin_v1_GetTemplateRequest__Output>
        GetTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_GetTemplateResponse, _hookline_admin_v1_GetTemplateResponse__Output>
        ListEndpointsRequest: MessageTypeDefinition<_hookline_admin_v1_ListEndpointsRequest, _hookline_admin_v1_ListEndpointsRequest__Output>
        ListEndpointsResponse: MessageTypeDefinition<_hookline_admin_v1_ListEndpointsResponse, _hookline_admin_v1_ListEndpointsResponse__Output>
        ListTemplatesRequest: MessageTypeDefinition<_hookline_admin_v1_ListTemplatesRequest, _hookline_admin_v1_ListTemplatesRequest__Output>
        ListTemplatesResponse: MessageTypeDefinition<_hookline_admin_v1_ListTemplatesResponse, _hookline_admin_v1_ListTemplatesResponse__Output>
        PauseEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_PauseEndpointRequest, _hookline_admin_v1_PauseEndpointRequest__Output>
        PauseEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_PauseEndpointResponse, _hookline_admin_v1_PauseEndpointResponse__Output>
        ResumeEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_ResumeEndpointRequest, _hookline_admin_v1_ResumeEndpointRequest__Output>
        ResumeEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_ResumeEndpointResponse, _hookline_admin_v1_ResumeEndpointResponse__Output>
        RetryScheduleSource: EnumTypeDefinition
        Template: MessageTypeDefinition<_hookline_admin_v1_Template, _hookline_admin_v1_Template__Output>
        TemplateService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_TemplateServiceClient> & { service: _hookline_admin_v1_TemplateServiceDefinition }
        UpdateEndpointRequest: MessageTypeDefinition<_hookline_admin_v1_UpdateEndpointRequest, _hookline_admin_v1_UpdateEndpointRequest__Output>
        UpdateEndpointResponse: MessageTypeDefinition<_hookline_admin_v1_UpdateEndpointResponse, _hookline_admin_v1_UpdateEndpointResponse__Output>
        UpdateTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_UpdateTemplateRequest, _hookline_admin_v1_UpdateTemplateRequest__Output>
        UpdateTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_UpdateTemplateResponse, _hookline_admin_v1_UpdateTemplateResponse__Output>
      }
    }
  }
}

