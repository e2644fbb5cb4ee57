// Original file: libs/contracts/proto/hookline/admin/v1/parked_event_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetParkedEventRequest as _hookline_admin_v1_GetParkedEventRequest, GetParkedEventRequest__Output as _hookline_admin_v1_GetParkedEventRequest__Output } from '../../../hookline/admin/v1/GetParkedEventRequest.js';
import type { GetParkedEventResponse as _hookline_admin_v1_GetParkedEventResponse, GetParkedEventResponse__Output as _hookline_admin_v1_GetParkedEventResponse__Output } from '../../../hookline/admin/v1/GetParkedEventResponse.js';
import type { ListParkedEventsRequest as _hookline_admin_v1_ListParkedEventsRequest, ListParkedEventsRequest__Output as _hookline_admin_v1_ListParkedEventsRequest__Output } from '../../../hookline/admin/v1/ListParkedEventsRequest.js';
import type { ListParkedEventsResponse as _hookline_admin_v1_ListParkedEventsResponse, ListParkedEventsResponse__Output as _hookline_admin_v1_ListParkedEventsResponse__Output } from '../../../hookline/admin/v1/ListParkedEventsResponse.js';

export interface ParkedEventServiceClient extends grpc.Client {
  GetParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  GetParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  GetParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  GetParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  getParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  getParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  getParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  getParkedEvent(argument: _hookline_admin_v1_GetParkedEventRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetParkedEventResponse__Output>): grpc.ClientUnaryCall;
  
  ListParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  ListParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  ListParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  ListParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  listParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  listParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  listParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  listParkedEvents(argument: _hookline_admin_v1_ListParkedEventsRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListParkedEventsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface ParkedEventServiceHandlers extends grpc.UntypedServiceImplementation {
  GetParkedEvent: grpc.handleUnaryCall<_hookline_admin_v1_GetParkedEventRequest__Output, _hookline_admin_v1_GetParkedEventResponse>;
  
  ListParkedEvents: grpc.handleUnaryCall<_hookline_admin_v1_ListParkedEventsRequest__Output, _hookline_admin_v1_ListParkedEventsResponse>;
  
}

export interface ParkedEventServiceDefinition extends grpc.ServiceDefinition {
  GetParkedEvent: MethodDefinition<_hookline_admin_v1_GetParkedEventRequest, _hookline_admin_v1_GetParkedEventResponse, _hookline_admin_v1_GetParkedEventRequest__Output, _hookline_admin_v1_GetParkedEventResponse__Output>
  ListParkedEvents: MethodDefinition<_hookline_admin_v1_ListParkedEventsRequest, _hookline_admin_v1_ListParkedEventsResponse, _hookline_admin_v1_ListParkedEventsRequest__Output, _hookline_admin_v1_ListParkedEventsResponse__Output>
}
