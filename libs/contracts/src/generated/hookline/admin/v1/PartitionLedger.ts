// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface PartitionLedger {
  'topic'?: (string);
  'partition'?: (number);
  'firstOffset'?: (number | string | Long);
  'committedOffset'?: (number | string | Long);
  'logStartOffset'?: (number | string | Long);
  'logEndOffset'?: (number | string | Long);
  'matched'?: (number | string | Long);
  'unmatched'?: (number | string | Long);
  'duplicate'?: (number | string | Long);
  'parked'?: (number | string | Long);
  'gaps'?: (number | string | Long);
  'missing'?: (number | string | Long);
  'uncommitted'?: (number | string | Long);
  'checkTime'?: (_google_protobuf_Timestamp | null);
  'accepted'?: (number | string | Long);
  '_committedOffset'?: "committedOffset";
}

export interface PartitionLedger__Output {
  'topic': (string);
  'partition': (number);
  'firstOffset': (string);
  'committedOffset'?: (string);
  'logStartOffset': (string);
  'logEndOffset': (string);
  'matched': (string);
  'unmatched': (string);
  'duplicate': (string);
  'parked': (string);
  'gaps': (string);
  'missing': (string);
  'uncommitted': (string);
  'checkTime': (_google_protobuf_Timestamp__Output | null);
  'accepted': (string);
  '_committedOffset'?: "committedOffset";
}
