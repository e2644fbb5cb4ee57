// Original file: libs/contracts/proto/hookline/admin/v1/event_service.proto

import type { EventVerdict as _hookline_admin_v1_EventVerdict, EventVerdict__Output as _hookline_admin_v1_EventVerdict__Output } from '../../../hookline/admin/v1/EventVerdict.js';
import type { Long } from '@grpc/proto-loader';

export interface PublishEventResponse {
  'topic'?: (string);
  'partition'?: (number);
  'offset'?: (number | string | Long);
  'verdict'?: (_hookline_admin_v1_EventVerdict);
  'notifications'?: (string)[];
  'parkReason'?: (string);
  'detail'?: (string);
}

export interface PublishEventResponse__Output {
  'topic': (string);
  'partition': (number);
  'offset': (string);
  'verdict': (_hookline_admin_v1_EventVerdict__Output);
  'notifications': (string)[];
  'parkReason': (string);
  'detail': (string);
}
