// Original file: libs/contracts/proto/hookline/admin/v1/parked_event_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface ParkedEvent {
  'name'?: (string);
  'topic'?: (string);
  'partition'?: (number);
  'offset'?: (number | string | Long);
  'reason'?: (string);
  'detail'?: (string);
  'valueBytes'?: (number);
  'key'?: (Buffer | Uint8Array | string);
  'value'?: (Buffer | Uint8Array | string);
  'headers'?: ({[key: string]: string});
  'recordTime'?: (_google_protobuf_Timestamp | null);
  'parkTime'?: (_google_protobuf_Timestamp | null);
  'releaseTime'?: (_google_protobuf_Timestamp | null);
}

export interface ParkedEvent__Output {
  'name': (string);
  'topic': (string);
  'partition': (number);
  'offset': (string);
  'reason': (string);
  'detail': (string);
  'valueBytes': (number);
  'key': (Buffer);
  'value': (Buffer);
  'headers': ({[key: string]: string});
  'recordTime': (_google_protobuf_Timestamp__Output | null);
  'parkTime': (_google_protobuf_Timestamp__Output | null);
  'releaseTime': (_google_protobuf_Timestamp__Output | null);
}
