// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { NotificationState as _hookline_admin_v1_NotificationState, NotificationState__Output as _hookline_admin_v1_NotificationState__Output } from '../../../hookline/admin/v1/NotificationState.js';
import type { WaitingReason as _hookline_admin_v1_WaitingReason, WaitingReason__Output as _hookline_admin_v1_WaitingReason__Output } from '../../../hookline/admin/v1/WaitingReason.js';
import type { FailureReason as _hookline_admin_v1_FailureReason, FailureReason__Output as _hookline_admin_v1_FailureReason__Output } from '../../../hookline/admin/v1/FailureReason.js';
import type { Long } from '@grpc/proto-loader';

export interface Notification {
  'name'?: (string);
  'eventSource'?: (string);
  'eventId'?: (string);
  'eventType'?: (string);
  'eventTime'?: (_google_protobuf_Timestamp | null);
  'subject'?: (string);
  'template'?: (string);
  'templateVersion'?: (number);
  'endpoint'?: (string);
  'state'?: (_hookline_admin_v1_NotificationState);
  'waitingReason'?: (_hookline_admin_v1_WaitingReason);
  'failureReason'?: (_hookline_admin_v1_FailureReason);
  'failureDetail'?: (string);
  'attemptCount'?: (number);
  'step'?: (number);
  'nextAttemptTime'?: (_google_protobuf_Timestamp | null);
  'createTime'?: (_google_protobuf_Timestamp | null);
  'finishTime'?: (_google_protobuf_Timestamp | null);
  'payloadSha256'?: (string);
  'payloadBytes'?: (number);
  'sourceTopic'?: (string);
  'sourcePartition'?: (number);
  'sourceOffset'?: (number | string | Long);
}

export interface Notification__Output {
  'name': (string);
  'eventSource': (string);
  'eventId': (string);
  'eventType': (string);
  'eventTime': (_google_protobuf_Timestamp__Output | null);
  'subject': (string);
  'template': (string);
  'templateVersion': (number);
  'endpoint': (string);
  'state': (_hookline_admin_v1_NotificationState__Output);
  'waitingReason': (_hookline_admin_v1_WaitingReason__Output);
  'failureReason': (_hookline_admin_v1_FailureReason__Output);
  'failureDetail': (string);
  'attemptCount': (number);
  'step': (number);
  'nextAttemptTime': (_google_protobuf_Timestamp__Output | null);
  'createTime': (_google_protobuf_Timestamp__Output | null);
  'finishTime': (_google_protobuf_Timestamp__Output | null);
  'payloadSha256': (string);
  'payloadBytes': (number);
  'sourceTopic': (string);
  'sourcePartition': (number);
  'sourceOffset': (string);
}
