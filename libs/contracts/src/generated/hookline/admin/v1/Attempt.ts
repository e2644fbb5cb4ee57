// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { AttemptTrigger as _hookline_admin_v1_AttemptTrigger, AttemptTrigger__Output as _hookline_admin_v1_AttemptTrigger__Output } from '../../../hookline/admin/v1/AttemptTrigger.js';
import type { AttemptState as _hookline_admin_v1_AttemptState, AttemptState__Output as _hookline_admin_v1_AttemptState__Output } from '../../../hookline/admin/v1/AttemptState.js';
import type { AttemptOutcome as _hookline_admin_v1_AttemptOutcome, AttemptOutcome__Output as _hookline_admin_v1_AttemptOutcome__Output } from '../../../hookline/admin/v1/AttemptOutcome.js';
import type { FailureReason as _hookline_admin_v1_FailureReason, FailureReason__Output as _hookline_admin_v1_FailureReason__Output } from '../../../hookline/admin/v1/FailureReason.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

export interface Attempt {
  'number'?: (number);
  'trigger'?: (_hookline_admin_v1_AttemptTrigger);
  'askedBy'?: (string);
  'requestedBy'?: (string);
  'state'?: (_hookline_admin_v1_AttemptState);
  'outcome'?: (_hookline_admin_v1_AttemptOutcome);
  'failureReason'?: (_hookline_admin_v1_FailureReason);
  'httpStatus'?: (number);
  'url'?: (string);
  'endpointVersion'?: (number);
  'dueTime'?: (_google_protobuf_Timestamp | null);
  'startTime'?: (_google_protobuf_Timestamp | null);
  'finishTime'?: (_google_protobuf_Timestamp | null);
  'leaseEndTime'?: (_google_protobuf_Timestamp | null);
  'durationMs'?: (number);
  'responseBytes'?: (number);
  'errorDetail'?: (string);
  'dnsMs'?: (number);
  'connectMs'?: (number);
  'tlsMs'?: (number);
  'firstByteMs'?: (number);
  'peerAddress'?: (string);
  'responseCut'?: (string);
  'responseHeaders'?: ({[key: string]: string});
  'responseBody'?: (Buffer | Uint8Array | string);
  'responseTotalBytes'?: (number | string | Long);
  '_dnsMs'?: "dnsMs";
  '_connectMs'?: "connectMs";
  '_tlsMs'?: "tlsMs";
  '_firstByteMs'?: "firstByteMs";
  '_responseTotalBytes'?: "responseTotalBytes";
}

export interface Attempt__Output {
  'number': (number);
  'trigger': (_hookline_admin_v1_AttemptTrigger__Output);
  'askedBy': (string);
  'requestedBy': (string);
  'state': (_hookline_admin_v1_AttemptState__Output);
  'outcome': (_hookline_admin_v1_AttemptOutcome__Output);
  'failureReason': (_hookline_admin_v1_FailureReason__Output);
  'httpStatus': (number);
  'url': (string);
  'endpointVersion': (number);
  'dueTime': (_google_protobuf_Timestamp__Output | null);
  'startTime': (_google_protobuf_Timestamp__Output | null);
  'finishTime': (_google_protobuf_Timestamp__Output | null);
  'leaseEndTime': (_google_protobuf_Timestamp__Output | null);
  'durationMs': (number);
  'responseBytes': (number);
  'errorDetail': (string);
  'dnsMs'?: (number);
  'connectMs'?: (number);
  'tlsMs'?: (number);
  'firstByteMs'?: (number);
  'peerAddress': (string);
  'responseCut': (string);
  'responseHeaders': ({[key: string]: string});
  'responseBody': (Buffer);
  'responseTotalBytes'?: (string);
  '_dnsMs'?: "dnsMs";
  '_connectMs'?: "connectMs";
  '_tlsMs'?: "tlsMs";
  '_firstByteMs'?: "firstByteMs";
  '_responseTotalBytes'?: "responseTotalBytes";
}
