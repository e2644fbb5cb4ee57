// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ApplyRequest as _hookline_admin_v1_ApplyRequest, ApplyRequest__Output as _hookline_admin_v1_ApplyRequest__Output } from '../../../hookline/admin/v1/ApplyRequest.js';
import type { ApplyResponse as _hookline_admin_v1_ApplyResponse, ApplyResponse__Output as _hookline_admin_v1_ApplyResponse__Output } from '../../../hookline/admin/v1/ApplyResponse.js';

export interface SystemServiceClient extends grpc.Client {
  Apply(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  Apply(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  apply(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  apply(options?: grpc.CallOptions): grpc.ClientDuplexStream<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse__Output>;
  
}

export interface SystemServiceHandlers extends grpc.UntypedServiceImplementation {
  Apply: grpc.handleBidiStreamingCall<_hookline_admin_v1_ApplyRequest__Output, _hookline_admin_v1_ApplyResponse>;
  
}

export interface SystemServiceDefinition extends grpc.ServiceDefinition {
  Apply: MethodDefinition<_hookline_admin_v1_ApplyRequest, _hookline_admin_v1_ApplyResponse, _hookline_admin_v1_ApplyRequest__Output, _hookline_admin_v1_ApplyResponse__Output>
}
