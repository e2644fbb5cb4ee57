// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ApplyRequest as _hookline_admin_v1_ApplyRequest, ApplyRequest__Output as _hookline_admin_v1_ApplyRequest__Output } from '../../../hookline/admin/v1/ApplyRequest.js';
import type { ApplyResponse as _hookline_admin_v1_ApplyResponse, ApplyResponse__Output as _hookline_admin_v1_ApplyResponse__Output } from '../../../hookline/admin/v1/ApplyResponse.js';
import type { CheckTopicsRequest as _hookline_admin_v1_CheckTopicsRequest, CheckTopicsRequest__Output as _hookline_admin_v1_CheckTopicsRequest__Output } from '../../../hookline/admin/v1/CheckTopicsRequest.js';
import type { CheckTopicsResponse as _hookline_admin_v1_CheckTopicsResponse, CheckTopicsResponse__Output as _hookline_admin_v1_CheckTopicsResponse__Output } from '../../../hookline/admin/v1/CheckTopicsResponse.js';

export interface SystemServiceClient extends grpc.Client {
  Apply(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  Apply(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  apply(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  apply(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  
  CheckTopics(argument: _hookline_admin_v1_CheckTopicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  CheckTopics(argument: _hookline_admin_v1_CheckTopicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  CheckTopics(argument: _hookline_admin_v1_CheckTopicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  CheckTopics(argument: _hookline_admin_v1_CheckTopicsRequest, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  checkTopics(argument: _hookline_admin_v1_CheckTopicsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  checkTopics(argument: _hookline_admin_v1_CheckTopicsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  checkTopics(argument: _hookline_admin_v1_CheckTopicsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  checkTopics(argument: _hookline_admin_v1_CheckTopicsRequest, callback: grpc.requestCallback<_hookline_admin_v1_CheckTopicsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface SystemServiceHandlers extends grpc.UntypedServiceImplementation {
  Apply: grpc.handleBidiStreamingCall<_hookline_admin_v1_ApplyRequest__Output, _hookline_admin_v1_ApplyResponse>;
  
  CheckTopics: grpc.handleUnaryCall<_hookline_admin_v1_CheckTopicsRequest__Output, _hookline_admin_v1_CheckTopicsResponse>;
  
}

export interface SystemServiceDefinition extends grpc.ServiceDefinition {
  Apply: MethodDefinition<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse, _hookline_admin_v1_ApplyRequest__Output, _hookline_admin_v1_ApplyResponse__Output>
  CheckTopics: MethodDefinition<_hookline_admin_v1_CheckTopicsRequest, _hookline_admin_v1_CheckTopicsResponse, _hookline_admin_v1_CheckTopicsRequest__Output, _hookline_admin_v1_CheckTopicsResponse__Output>
}
