// Original file: libs/contracts/proto/hookline/admin/v1/template_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { EffectiveRetrySchedule as _hookline_admin_v1_EffectiveRetrySchedule, EffectiveRetrySchedule__Output as _hookline_admin_v1_EffectiveRetrySchedule__Output } from '../../../hookline/admin/v1/EffectiveRetrySchedule.js';

export interface Template {
  'name'?: (string);
  'endpoint'?: (string);
  'eventTypes'?: (string)[];
  'method'?: (string);
  'contentType'?: (string);
  'body'?: (string);
  'strict'?: (boolean);
  'active'?: (boolean);
  'version'?: (number);
  'etag'?: (string);
  'createTime'?: (_google_protobuf_Timestamp | null);
  'updateTime'?: (_google_protobuf_Timestamp | null);
  'retrySchedule'?: (string)[];
  'effectiveRetrySchedule'?: (_hookline_admin_v1_EffectiveRetrySchedule | null);
  '_body'?: "body";
  '_strict'?: "strict";
  '_active'?: "active";
}

export interface Template__Output {
  'name': (string);
  'endpoint': (string);
  'eventTypes': (string)[];
  'method': (string);
  'contentType': (string);
  'body'?: (string);
  'strict'?: (boolean);
  'active'?: (boolean);
  'version': (number);
  'etag': (string);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'updateTime': (_google_protobuf_Timestamp__Output | null);
  'retrySchedule': (string)[];
  'effectiveRetrySchedule': (_hookline_admin_v1_EffectiveRetrySchedule__Output | null);
  '_body'?: "body";
  '_strict'?: "strict";
  '_active'?: "active";
}
