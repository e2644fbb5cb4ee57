// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

import type { ApplyChange as _hookline_admin_v1_ApplyChange, ApplyChange__Output as _hookline_admin_v1_ApplyChange__Output } from '../../../hookline/admin/v1/ApplyChange.js';

export interface ApplyResponse {
  'name'?: (string);
  'change'?: (_hookline_admin_v1_ApplyChange);
  'fields'?: (string)[];
  'signingSecret'?: (string);
}

export interface ApplyResponse__Output {
  'name': (string);
  'change': (_hookline_admin_v1_ApplyChange__Output);
  'fields': (string)[];
  'signingSecret': (string);
}
