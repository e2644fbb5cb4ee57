// Original file: libs/contracts/proto/hookline/admin/v1/endpoint_service.proto

import type { RetryScheduleSource as _hookline_admin_v1_RetryScheduleSource, RetryScheduleSource__Output as _hookline_admin_v1_RetryScheduleSource__Output } from '../../../hookline/admin/v1/RetryScheduleSource.js';

export interface EffectiveRetrySchedule {
  'delays'?: (string)[];
  'source'?: (_hookline_admin_v1_RetryScheduleSource);
  'total'?: (string);
  'exceedsMaxAge'?: (boolean);
}

export interface EffectiveRetrySchedule__Output {
  'delays': (string)[];
  'source': (_hookline_admin_v1_RetryScheduleSource__Output);
  'total': (string);
  'exceedsMaxAge': (boolean);
}
