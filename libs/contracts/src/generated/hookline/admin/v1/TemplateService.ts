// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateTemplateRequest as _hookline_admin_v1_CreateTemplateRequest, CreateTemplateRequest__Output as _hookline_admin_v1_CreateTemplateRequest__Output } from '../../../hookline/admin/v1/CreateTemplateRequest.js';
import type { CreateTemplateResponse as _hookline_admin_v1_CreateTemplateResponse, CreateTemplateResponse__Output as _hookline_admin_v1_CreateTemplateResponse__Output } from '../../../hookline/admin/v1/CreateTemplateResponse.js';
import type { DeleteTemplateRequest as _hookline_admin_v1_DeleteTemplateRequest, DeleteTemplateRequest__Output as _hookline_admin_v1_DeleteTemplateRequest__Output } from '../../../hookline/admin/v1/DeleteTemplateRequest.js';
import type { DeleteTemplateResponse as _hookline_admin_v1_DeleteTemplateResponse, DeleteTemplateResponse__Output as _hookline_admin_v1_DeleteTemplateResponse__Output } from '../../../hookline/admin/v1/DeleteTemplateResponse.js';
import type { GetTemplateRequest as _hookline_admin_v1_GetTemplateRequest, GetTemplateRequest__Output as _hookline_admin_v1_GetTemplateRequest__Output } from '../../../hookline/admin/v1/GetTemplateRequest.js';
import type { GetTemplateResponse as _hookline_admin_v1_GetTemplateResponse, GetTemplateResponse__Output as _hookline_admin_v1_GetTemplateResponse__Output } from '../../../hookline/admin/v1/GetTemplateResponse.js';
import type { ListTemplatesRequest as _hookline_admin_v1_ListTemplatesRequest, ListTemplatesRequest__Output as _hookline_admin_v1_ListTemplatesRequest__Output } from '../../../hookline/admin/v1/ListTemplatesRequest.js';
import type { ListTemplatesResponse as _hookline_admin_v1_ListTemplatesResponse, ListTemplatesResponse__Output as _hookline_admin_v1_ListTemplatesResponse__Output } from '../../../hookline/admin/v1/ListTemplatesResponse.js';
import type { UpdateTemplateRequest as _hookline_admin_v1_UpdateTemplateRequest, UpdateTemplateRequest__Output as _hookline_admin_v1_UpdateTemplateRequest__Output } from '../../../hookline/admin/v1/UpdateTemplateRequest.js';
import type { UpdateTemplateResponse as _hookline_admin_v1_UpdateTemplateResponse, UpdateTemplateResponse__Output as _hookline_admin_v1_UpdateTemplateResponse__Output } from '../../../hookline/admin/v1/UpdateTemplateResponse.js';

export interface TemplateServiceClient extends grpc.Client {
  CreateTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  CreateTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  CreateTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  CreateTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  createTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  createTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  createTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  createTemplate(argument: _hookline_admin_v1_CreateTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_CreateTemplateResponse__Output>): grpc.ClientUnaryCall;
  
  DeleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  DeleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  DeleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  DeleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  deleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  deleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  deleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  deleteTemplate(argument: _hookline_admin_v1_DeleteTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_DeleteTemplateResponse__Output>): grpc.ClientUnaryCall;
  
  GetTemplate(argument: _hookline_admin_v1_GetTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  GetTemplate(argument: _hookline_admin_v1_GetTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  GetTemplate(argument: _hookline_admin_v1_GetTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  GetTemplate(argument: _hookline_admin_v1_GetTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  getTemplate(argument: _hookline_admin_v1_GetTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  getTemplate(argument: _hookline_admin_v1_GetTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  getTemplate(argument: _hookline_admin_v1_GetTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  getTemplate(argument: _hookline_admin_v1_GetTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetTemplateResponse__Output>): grpc.ClientUnaryCall;
  
  ListTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  ListTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  ListTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  ListTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  listTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  listTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  listTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  listTemplates(argument: _hookline_admin_v1_ListTemplatesRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListTemplatesResponse__Output>): grpc.ClientUnaryCall;
  
  UpdateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  UpdateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  UpdateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  UpdateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  updateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  updateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  updateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  updateTemplate(argument: _hookline_admin_v1_UpdateTemplateRequest, callback: grpc.requestCallback<_hookline_admin_v1_UpdateTemplateResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface TemplateServiceHandlers extends grpc.UntypedServiceImplementation {
  CreateTemplate: grpc.handleUnaryCall<_hookline_admin_v1_CreateTemplateRequest__Output, _hookline_admin_v1_CreateTemplateResponse>;
  
  DeleteTemplate: grpc.handleUnaryCall<_hookline_admin_v1_DeleteTemplateRequest__Output, _hookline_admin_v1_DeleteTemplateResponse>;
  
  GetTemplate: grpc.handleUnaryCall<_hookline_admin_v1_GetTemplateRequest__Output, _hookline_admin_v1_GetTemplateResponse>;
  
  ListTemplates: grpc.handleUnaryCall<_hookline_admin_v1_ListTemplatesRequest__Output, _hookline_admin_v1_ListTemplatesResponse>;
  
  UpdateTemplate: grpc.handleUnaryCall<_hookline_admin_v1_UpdateTemplateRequest__Output, _hookline_admin_v1_UpdateTemplateResponse>;
  
}

export interface TemplateServiceDefinition extends grpc.ServiceDefinition {
  CreateTemplate: MethodDefinition<_hookline_admin_v1_CreateTemplateRequest, _hookline_admin_v1_CreateTemplateResponse, _hookline_admin_v1_CreateTemplateRequest__Output, _hookline_admin_v1_CreateTemplateResponse__Output>
  DeleteTemplate: MethodDefinition<_hookline_admin_v1_DeleteTemplateRequest, _hookline_admin_v1_DeleteTemplateResponse, _hookline_admin_v1_DeleteTemplateRequest__Output, _hookline_admin_v1_DeleteTemplateResponse__Output>
  GetTemplate: MethodDefinition<_hookline_admin_v1_GetTemplateRequest, _hookline_admin_v1_GetTemplateResponse, _hookline_admin_v1_GetTemplateRequest__Output, _hookline_admin_v1_GetTemplateResponse__Output>
  ListTemplates: MethodDefinition<_hookline_admin_v1_ListTemplatesRequest, _hookline_admin_v1_ListTemplatesResponse, _hookline_admin_v1_ListTemplatesRequest__Output, _hookline_admin_v1_ListTemplatesResponse__Output>
  UpdateTemplate: MethodDefinition<_hookline_admin_v1_UpdateTemplateRequest, _hookline_admin_v1_UpdateTemplateResponse, _hookline_admin_v1_UpdateTemplateRequest__Output, _hookline_admin_v1_UpdateTemplateResponse__Output>
}
