// Original file: libs/contracts/proto/hookline/admin/v1/ledger_service.proto

import type { Difference as _hookline_admin_v1_Difference, Difference__Output as _hookline_admin_v1_Difference__Output } from '../../../hookline/admin/v1/Difference.js';

export interface ListDifferencesResponse {
  'differences'?: (_hookline_admin_v1_Difference)[];
  'nextPageToken'?: (string);
}

export interface ListDifferencesResponse__Output {
  'differences': (_hookline_admin_v1_Difference__Output)[];
  'nextPageToken': (string);
}
