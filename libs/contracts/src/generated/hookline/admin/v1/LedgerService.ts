// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AcceptDifferenceRequest as _hookline_admin_v1_AcceptDifferenceRequest, AcceptDifferenceRequest__Output as _hookline_admin_v1_AcceptDifferenceRequest__Output } from '../../../hookline/admin/v1/AcceptDifferenceRequest.js';
import type { AcceptDifferenceResponse as _hookline_admin_v1_AcceptDifferenceResponse, AcceptDifferenceResponse__Output as _hookline_admin_v1_AcceptDifferenceResponse__Output } from '../../../hookline/admin/v1/AcceptDifferenceResponse.js';
import type { GetLedgerRequest as _hookline_admin_v1_GetLedgerRequest, GetLedgerRequest__Output as _hookline_admin_v1_GetLedgerRequest__Output } from '../../../hookline/admin/v1/GetLedgerRequest.js';
import type { GetLedgerResponse as _hookline_admin_v1_GetLedgerResponse, GetLedgerResponse__Output as _hookline_admin_v1_GetLedgerResponse__Output } from '../../../hookline/admin/v1/GetLedgerResponse.js';
import type { ListDifferencesRequest as _hookline_admin_v1_ListDifferencesRequest, ListDifferencesRequest__Output as _hookline_admin_v1_ListDifferencesRequest__Output } from '../../../hookline/admin/v1/ListDifferencesRequest.js';
import type { ListDifferencesResponse as _hookline_admin_v1_ListDifferencesResponse, ListDifferencesResponse__Output as _hookline_admin_v1_ListDifferencesResponse__Output } from '../../../hookline/admin/v1/ListDifferencesResponse.js';

export interface LedgerServiceClient extends grpc.Client {
  AcceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  AcceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  AcceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  AcceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  acceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  acceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  acceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  acceptDifference(argument: _hookline_admin_v1_AcceptDifferenceRequest, callback: grpc.requestCallback<_hookline_admin_v1_AcceptDifferenceResponse__Output>): grpc.ClientUnaryCall;
  
  GetLedger(argument: _hookline_admin_v1_GetLedgerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  GetLedger(argument: _hookline_admin_v1_GetLedgerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  GetLedger(argument: _hookline_admin_v1_GetLedgerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  GetLedger(argument: _hookline_admin_v1_GetLedgerRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  getLedger(argument: _hookline_admin_v1_GetLedgerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  getLedger(argument: _hookline_admin_v1_GetLedgerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  getLedger(argument: _hookline_admin_v1_GetLedgerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  getLedger(argument: _hookline_admin_v1_GetLedgerRequest, callback: grpc.requestCallback<_hookline_admin_v1_GetLedgerResponse__Output>): grpc.ClientUnaryCall;
  
  ListDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  ListDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  ListDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  ListDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  listDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  listDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  listDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  listDifferences(argument: _hookline_admin_v1_ListDifferencesRequest, callback: grpc.requestCallback<_hookline_admin_v1_ListDifferencesResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface LedgerServiceHandlers extends grpc.UntypedServiceImplementation {
  AcceptDifference: grpc.handleUnaryCall<_hookline_admin_v1_AcceptDifferenceRequest__Output, _hookline_admin_v1_AcceptDifferenceResponse>;
  
  GetLedger: grpc.handleUnaryCall<_hookline_admin_v1_GetLedgerRequest__Output, _hookline_admin_v1_GetLedgerResponse>;
  
  ListDifferences: grpc.handleUnaryCall<_hookline_admin_v1_ListDifferencesRequest__Output, _hookline_admin_v1_ListDifferencesResponse>;
  
}

export interface LedgerServiceDefinition extends grpc.ServiceDefinition {
  AcceptDifference: MethodDefinition<_hookline_admin_v1_AcceptDifferenceRequest, _hookline_admin_v1_AcceptDifferenceResponse, _hookline_admin_v1_AcceptDifferenceRequest__Output, _hookline_admin_v1_AcceptDifferenceResponse__Output>
  GetLedger: MethodDefinition<_hookline_admin_v1_GetLedgerRequest, _hookline_admin_v1_GetLedgerResponse, _hookline_admin_v1_GetLedgerRequest__Output, _hookline_admin_v1_GetLedgerResponse__Output>
  ListDifferences: MethodDefinition<_hookline_admin_v1_ListDifferencesRequest, _hookline_admin_v1_ListDifferencesResponse, _hookline_admin_v1_ListDifferencesRequest__Output, _hookline_admin_v1_ListDifferencesResponse__Output>
}
