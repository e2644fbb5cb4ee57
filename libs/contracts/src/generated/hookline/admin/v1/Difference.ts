// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { DifferenceKind as _hookline_admin_v1_DifferenceKind, DifferenceKind__Output as _hookline_admin_v1_DifferenceKind__Output } from '../../../hookline/admin/v1/DifferenceKind.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Difference {
  'name'?: (string);
  'kind'?: (_hookline_admin_v1_DifferenceKind);
  'tenant'?: (string);
  'topic'?: (string);
  'partition'?: (number);
  'firstOffset'?: (number | string | Long);
  'lastOffset'?: (number | string | Long);
  'notificationId'?: (string);
  'attemptNumber'?: (number);
  'detail'?: (string);
  'remedy'?: (string);
  'firstSeenTime'?: (_google_protobuf_Timestamp | null);
  'lastSeenTime'?: (_google_protobuf_Timestamp | null);
}

export interface Difference__Output {
  'name': (string);
  'kind': (_hookline_admin_v1_DifferenceKind__Output);
  'tenant': (string);
  'topic': (string);
  'partition': (number);
  'firstOffset': (string);
  'lastOffset': (string);
  'notificationId': (string);
  'attemptNumber': (number);
  'detail': (string);
  'remedy': (string);
  'firstSeenTime': (_google_protobuf_Timestamp__Output | null);
  'lastSeenTime': (_google_protobuf_Timestamp__Output | null);
}
