// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateEndpointRequest as _hookline_admin_v1_CreateEndpointRequest, CreateEndpointRequest__Output as _hookline_admin_v1_CreateEndpointRequest__Output } from '../../../hookline/admin/v1/CreateEndpointRequest.js';
import type { CreateEndpointResponse as _hookline_admin_v1_CreateEndpointResponse, CreateEndpointResponse__Output as _hookline_admin_v1_CreateEndpointResponse__Output } from '../../../hookline/admin/v1/CreateEndpointResponse.js';
import type { DeleteEndpointRequest as _hookline_admin_v1_DeleteEndpointRequest, DeleteEndpointRequest__Output as _hookline_admin_v1_DeleteEndpointRequest__Output } from '../../../hookline/admin/v1/DeleteEndpointRequest.js';
import type { DeleteEndpointResponse as _hookline_admin_v1_DeleteEndpointResponse, DeleteEndpointResponse__Output as _hookline_admin_v1_DeleteEndpointResponse__Output } from '../../../hookline/admin/v1/DeleteEndpointResponse.js';
import type { GetEndpointRequest as _hookline_admin_v1_GetEndpointRequest, GetEndpointRequest__Output as _hookline_admin_v1_GetEndpointRequest__Output } from '../../../hookline/admin/v1/GetEndpointRequest.js';
import type { GetEndpointResponse as _hookline_admin_v1_GetEndpointResponse, GetEndpointResponse__Output as _hookline_admin_v1_GetEndpointResponse__Output } from '../../../hookline/admin/v1/GetEndpointResponse.js';
import type { ListEndpointsRequest as _hookline_admin_v1_ListEndpointsRequest, ListEndpointsRequest__Output as _hookline_admin_v1_ListEndpointsRequest__Output } from '../../../hookline/admin/v1/ListEndpointsRequest.js';
import type { ListEndpointsResponse as _hookline_admin_v1_ListEndpointsResponse, ListEndpointsResponse__Output as _hookline_admin_v1_ListEndpointsResponse__Output } from '../../../hookline/admin/v1/ListEndpointsResponse.js';
import type { PauseEndpointRequest as _hookline_admin_v1_PauseEndpointRequest, PauseEndpointRequest__Output as _hookline_admin_v1_PauseEndpointRequest__Output } from '../../../hookline/admin/v1/PauseEndpointRequest.js';
import type { PauseEndpointResponse as _hookline_admin_v1_PauseEndpointResponse, PauseEndpointResponse__Output as _hookline_admin_v1_PauseEndpointResponse__Output } from '../../../hookline/admin/v1/PauseEndpointResponse.js';
import type { ResumeEndpointRequest as _hookline_admin_v1_ResumeEndpointRequest, ResumeEndpointRequest__Output as _hookline_admin_v1_ResumeEndpointRequest__Output } from '../../../hookline/admin/v1/ResumeEndpointRequest.js';
import type { ResumeEndpointResponse as _hookline_admin_v1_ResumeEndpointResponse, ResumeEndpointResponse__Output as _hookline_admin_v1_ResumeEndpointResponse__Output } from '../../../hookline/admin/v1/ResumeEndpointResponse.js';
import type { UpdateEndpointRequest as _hookline_admin_v1_UpdateEndpointRequest, UpdateEndpointRequest__Output as _hookline_admin_v1_UpdateEndpointRequest__Output } from '../../../hookline/admin/v1/UpdateEndpointRequest.js';
import type { UpdateEndpointResponse as _hookline_admin_v1_UpdateEndpointResponse, UpdateEndpointResponse__Output as _hookline_admin_v1_UpdateEndpointResponse__Output } from '../../../hookline/admin/v1/UpdateEndpointResponse.js';

export interface EndpointServiceClient extends grpc.Client {
  CreateEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  CreateEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  CreateEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  CreateEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  createEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  createEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  createEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  createEndpoint(argument: _hookline_admin_v1_CreateEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_CreateEndpointResponse__Output>): grpc.ClientUnaryCall;
  
  DeleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  DeleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  DeleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  DeleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  deleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  deleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  deleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  deleteEndpoint(argument: _hookline_admin_v1_DeleteEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_DeleteEndpointResponse__Output>): grpc.ClientUnaryCall;
  
  GetEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  GetEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  GetEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  GetEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  getEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  getEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  getEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  getEndpoint(argument: _hookline_admin_v1_GetEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetEndpointResponse__Output>): grpc.ClientUnaryCall;
  
  ListEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  ListEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  ListEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  ListEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  listEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  listEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  listEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  listEndpoints(argument: _hookline_admin_v1_ListEndpointsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListEndpointsResponse__Output>): grpc.ClientUnaryCall;
  
  PauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  PauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  PauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  PauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  pauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  pauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  pauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  pauseEndpoint(argument: _hookline_admin_v1_PauseEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_PauseEndpointResponse__Output>): grpc.ClientUnaryCall;
  
  ResumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  ResumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  ResumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  ResumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  resumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  resumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  resumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  resumeEndpoint(argument: _hookline_admin_v1_ResumeEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_ResumeEndpointResponse__Output>): grpc.ClientUnaryCall;
  
  UpdateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  UpdateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  UpdateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  UpdateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  updateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  updateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  updateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  updateEndpoint(argument: _hookline_admin_v1_UpdateEndpointRequest, callback: grpc.requestCallback<_hookline_admin_v1_UpdateEndpointResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface EndpointServiceHandlers extends grpc.UntypedServiceImplementation {
  CreateEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_CreateEndpointRequest__Output, _hookline_admin_v1_CreateEndpointResponse>;
  
  DeleteEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_DeleteEndpointRequest__Output, _hookline_admin_v1_DeleteEndpointResponse>;
  
  GetEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_GetEndpointRequest__Output, _hookline_admin_v1_GetEndpointResponse>;
  
  ListEndpoints: grpc.handleUnaryCall<_hookline_admin_v1_ListEndpointsRequest__Output, _hookline_admin_v1_ListEndpointsResponse>;
  
  PauseEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_PauseEndpointRequest__Output, _hookline_admin_v1_PauseEndpointResponse>;
  
  ResumeEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_ResumeEndpointRequest__Output, _hookline_admin_v1_ResumeEndpointResponse>;
  
  UpdateEndpoint: grpc.handleUnaryCall<_hookline_admin_v1_UpdateEndpointRequest__Output, _hookline_admin_v1_UpdateEndpointResponse>;
  
}

export interface EndpointServiceDefinition extends grpc.ServiceDefinition {
  CreateEndpoint: MethodDefinition<_hookline_admin_v1_CreateEndpointRequest, _hookline_admin_v1_CreateEndpointResponse, _hookline_admin_v1_CreateEndpointRequest__Output, _hookline_admin_v1_CreateEndpointResponse__Output>
  DeleteEndpoint: MethodDefinition<_hookline_admin_v1_DeleteEndpointRequest, _hookline_admin_v1_DeleteEndpointResponse, _hookline_admin_v1_DeleteEndpointRequest__Output, _hookline_admin_v1_DeleteEndpointResponse__Output>
  GetEndpoint: MethodDefinition<_hookline_admin_v1_GetEndpointRequest, _hookline_admin_v1_GetEndpointResponse, _hookline_admin_v1_GetEndpointRequest__Output, _hookline_admin_v1_GetEndpointResponse__Output>
  ListEndpoints: MethodDefinition<_hookline_admin_v1_ListEndpointsRequest, _hookline_admin_v1_ListEndpointsResponse, _hookline_admin_v1_ListEndpointsRequest__Output, _hookline_admin_v1_ListEndpointsResponse__Output>
  PauseEndpoint: MethodDefinition<_hookline_admin_v1_PauseEndpointRequest, _hookline_admin_v1_PauseEndpointResponse, _hookline_admin_v1_PauseEndpointRequest__Output, _hookline_admin_v1_PauseEndpointResponse__Output>
  ResumeEndpoint: MethodDefinition<_hookline_admin_v1_ResumeEndpointRequest, _hookline_admin_v1_ResumeEndpointResponse, _hookline_admin_v1_ResumeEndpointRequest__Output, _hookline_admin_v1_ResumeEndpointResponse__Output>
  UpdateEndpoint: MethodDefinition<_hookline_admin_v1_UpdateEndpointRequest, _hookline_admin_v1_UpdateEndpointResponse, _hookline_admin_v1_UpdateEndpointRequest__Output, _hookline_admin_v1_UpdateEndpointResponse__Output>
}
