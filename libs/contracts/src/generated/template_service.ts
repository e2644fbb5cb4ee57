import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { FieldMask as _google_protobuf_FieldMask, FieldMask__Output as _google_protobuf_FieldMask__Output } from './google/protobuf/FieldMask.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { CreateTemplateRequest as _hookline_admin_v1_CreateTemplateRequest, CreateTemplateRequest__Output as _hookline_admin_v1_CreateTemplateRequest__Output } from './hookline/admin/v1/CreateTemplateRequest.js';
import type { CreateTemplateResponse as _hookline_admin_v1_CreateTemplateResponse, CreateTemplateResponse__Output as _hookline_admin_v1_CreateTemplateResponse__Output } from './hookline/admin/v1/CreateTemplateResponse.js';
import type { DeleteTemplateRequest as _hookline_admin_v1_DeleteTemplateRequest, DeleteTemplateRequest__Output as _hookline_admin_v1_DeleteTemplateRequest__Output } from './hookline/admin/v1/DeleteTemplateRequest.js';
import type { DeleteTemplateResponse as _hookline_admin_v1_DeleteTemplateResponse, DeleteTemplateResponse__Output as _hookline_admin_v1_DeleteTemplateResponse__Output } from './hookline/admin/v1/DeleteTemplateResponse.js';
import type { GetTemplateRequest as _hookline_admin_v1_GetTemplateRequest, GetTemplateRequest__Output as _hookline_admin_v1_GetTemplateRequest__Output } from './hookline/admin/v1/GetTemplateRequest.js';
import type { GetTemplateResponse as _hookline_admin_v1_GetTemplateResponse, GetTemplateResponse__Output as _hookline_admin_v1_GetTemplateResponse__Output } from './hookline/admin/v1/GetTemplateResponse.js';
import type { ListTemplatesRequest as _hookline_admin_v1_ListTemplatesRequest, ListTemplatesRequest__Output as _hookline_admin_v1_ListTemplatesRequest__Output } from './hookline/admin/v1/ListTemplatesRequest.js';
import type { ListTemplatesResponse as _hookline_admin_v1_ListTemplatesResponse, ListTemplatesResponse__Output as _hookline_admin_v1_ListTemplatesResponse__Output } from './hookline/admin/v1/ListTemplatesResponse.js';
import type { Template as _hookline_admin_v1_Template, Template__Output as _hookline_admin_v1_Template__Output } from './hookline/admin/v1/Template.js';
import type { TemplateServiceClient as _hookline_admin_v1_TemplateServiceClient, TemplateServiceDefinition as _hookline_admin_v1_TemplateServiceDefinition } from './hookline/admin/v1/TemplateService.js';
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
        CreateTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_CreateTemplateRequest, _hookline_admin_v1_CreateTemplateRequest__Output>
        CreateTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_CreateTemplateResponse, _hookline_admin_v1_CreateTemplateResponse__Output>
        DeleteTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_DeleteTemplateRequest, _hookline_admin_v1_DeleteTemplateRequest__Output>
        DeleteTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_DeleteTemplateResponse, _hookline_admin_v1_DeleteTemplateResponse__Output>
        GetTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_GetTemplateRequest, _hookline_admin_v1_GetTemplateRequest__Output>
        GetTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_GetTemplateResponse, _hookline_admin_v1_GetTemplateResponse__Output>
        ListTemplatesRequest: MessageTypeDefinition<_hookline_admin_v1_ListTemplatesRequest, _hookline_admin_v1_ListTemplatesRequest__Output>
        ListTemplatesResponse: MessageTypeDefinition<_hookline_admin_v1_ListTemplatesResponse, _hookline_admin_v1_ListTemplatesResponse__Output>
        Template: MessageTypeDefinition<_hookline_admin_v1_Template, _hookline_admin_v1_Template__Output>
        TemplateService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_TemplateServiceClient> & { service: _hookline_admin_v1_TemplateServiceDefinition }
        UpdateTemplateRequest: MessageTypeDefinition<_hookline_admin_v1_UpdateTemplateRequest, _hookline_admin_v1_UpdateTemplateRequest__Output>
        UpdateTemplateResponse: MessageTypeDefinition<_hookline_admin_v1_UpdateTemplateResponse, _hookline_admin_v1_UpdateTemplateResponse__Output>
      }
    }
  }
}

