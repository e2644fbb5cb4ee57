// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { PartitionLedger as _hookline_admin_v1_PartitionLedger, PartitionLedger__Output as _hookline_admin_v1_PartitionLedger__Output } from '../../../hookline/admin/v1/PartitionLedger.js';
import type { NotificationLedger as _hookline_admin_v1_NotificationLedger, NotificationLedger__Output as _hookline_admin_v1_NotificationLedger__Output } from '../../../hookline/admin/v1/NotificationLedger.js';

export interface Ledger {
  'name'?: (string);
  'balanced'?: (boolean);
  'stale'?: (boolean);
  'eventsCheckTime'?: (_google_protobuf_Timestamp | null);
  'notificationsCheckTime'?: (_google_protobuf_Timestamp | null);
  'partitions'?: (_hookline_admin_v1_PartitionLedger)[];
  'notifications'?: (_hookline_admin_v1_NotificationLedger | null);
  'differenceCount'?: (number);
  'unlistedCount'?: (number);
}

export interface Ledger__Output {
  'name': (string);
  'balanced': (boolean);
  'stale': (boolean);
  'eventsCheckTime': (_google_protobuf_Timestamp__Output | null);
  'notificationsCheckTime': (_google_protobuf_Timestamp__Output | null);
  'partitions': (_hookline_admin_v1_PartitionLedger__Output)[];
  'notifications': (_hookline_admin_v1_NotificationLedger__Output | null);
  'differenceCount': (number);
  'unlistedCount': (number);
}
