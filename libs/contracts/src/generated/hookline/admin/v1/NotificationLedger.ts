// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface NotificationLedger {
  'created'?: (number | string | Long);
  'sent'?: (number | string | Long);
  'pending'?: (number | string | Long);
  'failed'?: (number | string | Long);
  'cancelled'?: (number | string | Long);
  'attempted'?: (number | string | Long);
  'waiting'?: (number | string | Long);
  'endedWithoutAttempt'?: (number | string | Long);
  'countTime'?: (_google_protobuf_Timestamp | null);
}

export interface NotificationLedger__Output {
  'created': (string);
  'sent': (string);
  'pending': (string);
  'failed': (string);
  'cancelled': (string);
  'attempted': (string);
  'waiting': (string);
  'endedWithoutAttempt': (string);
  'countTime': (_google_protobuf_Timestamp__Output | null);
}
