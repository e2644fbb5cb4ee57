// Original file: libs/contracts/proto/hookline/admin/v1/event_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { PublishEventRequest as _hookline_admin_v1_PublishEventRequest, PublishEventRequest__Output as _hookline_admin_v1_PublishEventRequest__Output } from '../../../hookline/admin/v1/PublishEventRequest.js';
import type { PublishEventResponse as _hookline_admin_v1_PublishEventResponse, PublishEventResponse__Output as _hookline_admin_v1_PublishEventResponse__Output } from '../../../hookline/admin/v1/PublishEventResponse.js';

export interface EventServiceClient extends grpc.Client {
  PublishEvent(argument: _hookline_admin_v1_PublishEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _hookline_admin_v1_PublishEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _hookline_admin_v1_PublishEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  PublishEvent(argument: _hookline_admin_v1_PublishEventRequest, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _hookline_admin_v1_PublishEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _hookline_admin_v1_PublishEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _hookline_admin_v1_PublishEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  publishEvent(argument: _hookline_admin_v1_PublishEventRequest, callback: grpc.requestCallback<_hookline_admin_v1_PublishEventResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface EventServiceHandlers extends grpc.UntypedServiceImplementation {
  PublishEvent: grpc.handleUnaryCall<_hookline_admin_v1_PublishEventRequest__Output, _hookline_admin_v1_PublishEventResponse>;
  
}

export interface EventServiceDefinition extends grpc.ServiceDefinition {
  PublishEvent: MethodDefinition<_hookline_admin_v1_PublishEventRequest, _hookline_admin_v1_PublishEventResponse, _hookline_admin_v1_PublishEventRequest__Output, _hookline_admin_v1_PublishEventResponse__Output>
}
