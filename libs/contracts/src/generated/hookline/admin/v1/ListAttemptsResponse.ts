// Original file: libs/contracts/proto/hookline/admin/v1/notification_service.proto

import type { Attempt as _hookline_admin_v1_Attempt, Attempt__Output as _hookline_admin_v1_Attempt__Output } from '../../../hookline/admin/v1/Attempt.js';

export interface ListAttemptsResponse {
  'attempts'?: (_hookline_admin_v1_Attempt)[];
  'nextPageToken'?: (string);
}

export interface ListAttemptsResponse__Output {
  'attempts': (_hookline_admin_v1_Attempt__Output)[];
  'nextPageToken': (string);
}
