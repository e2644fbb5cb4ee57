// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { EffectiveRetrySchedule as _hookline_admin_v1_EffectiveRetrySchedule, EffectiveRetrySchedule__Output as _hookline_admin_v1_EffectiveRetrySchedule__Output } from '../../../hookline/admin/v1/EffectiveRetrySchedule.js';

export interface Endpoint {
  'name'?: (string);
  'url'?: (string);
  'signingSecret'?: (string);
  'enabled'?: (boolean);
  'concurrency'?: (number);
  'attemptTimeoutMs'?: (number);
  'retrySchedule'?: (string)[];
  'urlVersion'?: (number);
  'disabledReason'?: (string);
  'etag'?: (string);
  'createTime'?: (_google_protobuf_Timestamp | null);
  'updateTime'?: (_google_protobuf_Timestamp | null);
  'ratePerSecond'?: (number | string);
  'pauseTime'?: (_google_protobuf_Timestamp | null);
  'effectiveRetrySchedule'?: (_hookline_admin_v1_EffectiveRetrySchedule | null);
  'shards'?: (number);
  '_enabled'?: "enabled";
  '_concurrency'?: "concurrency";
  '_attemptTimeoutMs'?: "attemptTimeoutMs";
  '_ratePerSecond'?: "ratePerSecond";
  '_shards'?: "shards";
}

export interface Endpoint__Output {
  'name': (string);
  'url': (string);
  'signingSecret': (string);
  'enabled'?: (boolean);
  'concurrency'?: (number);
  'attemptTimeoutMs'?: (number);
  'retrySchedule': (string)[];
  'urlVersion': (number);
  'disabledReason': (string);
  'etag': (string);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'updateTime': (_google_protobuf_Timestamp__Output | null);
  'ratePerSecond'?: (number);
  'pauseTime': (_google_protobuf_Timestamp__Output | null);
  'effectiveRetrySchedule': (_hookline_admin_v1_EffectiveRetrySchedule__Output | null);
  'shards'?: (number);
  '_enabled'?: "enabled";
  '_concurrency'?: "concurrency";
  '_attemptTimeoutMs'?: "attemptTimeoutMs";
  '_ratePerSecond'?: "ratePerSecond";
  '_shards'?: "shards";
}
