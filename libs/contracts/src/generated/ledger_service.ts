import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';
import type { AcceptDifferenceRequest as _hookline_admin_v1_AcceptDifferenceRequest, AcceptDifferenceRequest__Output as _hookline_admin_v1_AcceptDifferenceRequest__Output } from './hookline/admin/v1/AcceptDifferenceRequest.js';
import type { AcceptDifferenceResponse as _hookline_admin_v1_AcceptDifferenceResponse, AcceptDifferenceResponse__Output as _hookline_admin_v1_AcceptDifferenceResponse__Output } from './hookline/admin/v1/AcceptDifferenceResponse.js';
import type { Difference as _hookline_admin_v1_Difference, Difference__Output as _hookline_admin_v1_Difference__Output } from './hookline/admin/v1/Difference.js';
import type { GetLedgerRequest as _hookline_admin_v1_GetLedgerRequest, GetLedgerRequest__Output as _hookline_admin_v1_GetLedgerRequest__Output } from './hookline/admin/v1/GetLedgerRequest.js';
import type { GetLedgerResponse as _hookline_admin_v1_GetLedgerResponse, GetLedgerResponse__Output as _hookline_admin_v1_GetLedgerResponse__Output } from './hookline/admin/v1/GetLedgerResponse.js';
import type { Ledger as _hookline_admin_v1_Ledger, Ledger__Output as _hookline_admin_v1_Ledger__Output } from './hookline/admin/v1/Ledger.js';
import type { LedgerServiceClient as _hookline_admin_v1_LedgerServiceClient, LedgerServiceDefinition as _hookline_admin_v1_LedgerServiceDefinition } from './hookline/admin/v1/LedgerService.js';
import type { ListDifferencesRequest as _hookline_admin_v1_ListDifferencesRequest, ListDifferencesRequest__Output as _hookline_admin_v1_ListDifferencesRequest__Output } from './hookline/admin/v1/ListDifferencesRequest.js';
import type { ListDifferencesResponse as _hookline_admin_v1_ListDifferencesResponse, ListDifferencesResponse__Output as _hookline_admin_v1_ListDifferencesResponse__Output } from './hookline/admin/v1/ListDifferencesResponse.js';
import type { NotificationLedger as _hookline_admin_v1_NotificationLedger, NotificationLedger__Output as _hookline_admin_v1_NotificationLedger__Output } from './hookline/admin/v1/NotificationLedger.js';
import type { PartitionLedger as _hookline_admin_v1_PartitionLedger, PartitionLedger__Output as _hookline_admin_v1_PartitionLedger__Output } from './hookline/admin/v1/PartitionLedger.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  hookline: {
    admin: {
      v1: {
        AcceptDifferenceRequest: MessageTypeDefinition<_hookline_admin_v1_AcceptDifferenceRequest, _hookline_admin_v1_AcceptDifferenceRequest__Output>
        AcceptDifferenceResponse: MessageTypeDefinition<_hookline_admin_v1_AcceptDifferenceResponse, _hookline_admin_v1_AcceptDifferenceResponse__Output>
        Difference: MessageTypeDefinition<_hookline_admin_v1_Difference, _hookline_admin_v1_Difference__Output>
        DifferenceKind: EnumTypeDefinition
        GetLedgerRequest: MessageTypeDefinition<_hookline_admin_v1_GetLedgerRequest, _hookline_admin_v1_GetLedgerRequest__Output>
        GetLedgerResponse: MessageTypeDefinition<_hookline_admin_v1_GetLedgerResponse, _hookline_admin_v1_GetLedgerResponse__Output>
        Ledger: MessageTypeDefinition<_hookline_admin_v1_Ledger, _hookline_admin_v1_Ledger__Output>
        LedgerService: SubtypeConstructor<typeof grpc.Client, _hookline_admin_v1_LedgerServiceClient> & { service: _hookline_admin_v1_LedgerServiceDefinition }
        ListDifferencesRequest: MessageTypeDefinition<_hookline_admin_v1_ListDifferencesRequest, _hookline_admin_v1_ListDifferencesRequest__Output>
        ListDifferencesResponse: MessageTypeDefinition<_hookline_admin_v1_ListDifferencesResponse, _hookline_admin_v1_ListDifferencesResponse__Output>
        NotificationLedger: MessageTypeDefinition<_hookline_admin_v1_NotificationLedger, _hookline_admin_v1_NotificationLedger__Output>
        PartitionLedger: MessageTypeDefinition<_hookline_admin_v1_PartitionLedger, _hookline_admin_v1_PartitionLedger__Output>
      }
    }
  }
}

